/** What keeps the platform from starting; the message says what it is, and what to do. */
export class CannotStart extends Error {
  override readonly name: string = 'CannotStart';
}
