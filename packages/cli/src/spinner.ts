const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export type Spinner = { say(text: string): void; stop(): void };

/** Shows that something goes on; on a terminal only, elsewhere nothing is written. */
export function startSpinner(text: string): Spinner {
  const out = process.stderr;
  if (!out.isTTY) return { say: () => undefined, stop: () => undefined };
  let shown = text;
  let frame = 0;
  const draw = (): void => {
    out.write(`\r\u001B[K${FRAMES[frame % FRAMES.length]} ${shown}`);
    frame += 1;
  };
  const timer = setInterval(draw, 100);
  draw();
  return {
    say(next) {
      shown = next;
    },
    stop() {
      clearInterval(timer);
      out.write('\r\u001B[K');
    },
  };
}
