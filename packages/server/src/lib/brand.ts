declare const brand: unique symbol;

/** A string that only one parser makes, so that one kind of id is never taken for another. */
export type Brand<Name extends string> = string & { readonly [brand]: Name };
