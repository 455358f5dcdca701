/** Something outside that we depend on does not answer for now: nothing is known of what it keeps. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
