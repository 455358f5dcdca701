type Closing = { readonly closed: boolean; once(event: 'close', listener: () => void): unknown };

/** Calls back when a stream has closed: at once where it has already, which is said to nobody again. */
export function whenClosed(stream: Closing, then: () => void): void {
  if (stream.closed) then();
  else stream.once('close', then);
}
