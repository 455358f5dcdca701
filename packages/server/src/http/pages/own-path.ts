/** Nobody's: what is resolved against it and stays there is a path. */
const HERE = 'http://platform.invalid';

/** A path of ours with its query, wherever somebody wanted it to lead: what browsers would make of it decides. */
export function ownPath(wanted: string): string {
  if (!URL.canParse(wanted, HERE)) return '/';
  const { origin, pathname, search } = new URL(wanted, HERE);
  // `/.//elsewhere` is a path, and would lead there without its dot
  return origin === HERE ? `/${pathname.replace(/^\/+/, '')}${search}` : '/';
}
