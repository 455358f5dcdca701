import type { ServerChannel } from 'ssh2';

const LOOKS = 10;

/**
 * Calls back when a channel has carried nothing, either way, for so long; until the signal aborts. What
 * it carried shows in its windows (RFC 4254 §5.2): keep-alives are the connection's, and do not count.
 */
export function whenSilent(
  channel: Pick<ServerChannel, 'incoming' | 'outgoing'>,
  { within, until }: { within: number; until: AbortSignal },
  silent: () => void,
): void {
  if (until.aborted) return;
  const { incoming, outgoing } = channel as Record<'incoming' | 'outgoing', { window: number }>;
  const windows = (): string => `${incoming.window} ${outgoing.window}`;
  let [seen, looks] = [windows(), 0];
  const timer = setInterval(() => {
    const now = windows();
    looks = now === seen ? looks + 1 : 0;
    seen = now;
    if (looks < LOOKS) return;
    clearInterval(timer);
    silent();
  }, within / LOOKS);
  until.addEventListener('abort', () => clearInterval(timer), { once: true });
}
