/** Every expected "no": its code, and the HTTP status that says it. Codes are never reused. */
export const refusals = {
  not_found: 404,
  invalid: 400,
  invalid_key: 400,
  invalid_email: 400,
  own_email: 409,
  taken_email: 409,
  unauthenticated: 401,
  invalid_credential: 401,
  forbidden: 403,
  conflict: 409,
  never_fits: 422,
  not_isolated: 409,
  not_deployed: 409,
  no_favourite_domain: 404,
  limit_reached: 409,
  too_many: 429,
  too_large: 413,
  unsupported_encoding: 415,
  too_slow: 408,
  unavailable: 503,
  busy: 503,
} as const;

export type RefusalCode = keyof typeof refusals;

/** An expected no: thrown by use cases, answered by the edge with its code, message and fields. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  /** What is wrong with which field of the request. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/** Too much in too short a time; some seconds later it may be asked again. */
export class TooMany extends Refusal {
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super('too_many', message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
