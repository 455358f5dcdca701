import type { PseudoTtyInfo, Session } from 'ssh2';
import type { EnteringCommand, TerminalSize } from '../workloads/engine.ts';

/** What a client asks for around its command; everything else it asks for is refused. */
export type Requests = {
  /** Of git. */
  readonly protocol: string | undefined;
  readonly terminal: EnteringCommand['terminal'];
  /** Calls back with the size of the client's window whenever it changes. */
  onResize(resize: (size: TerminalSize) => void): void;
};

export function noteRequests(session: Session): Requests {
  let protocol: string | undefined;
  let terminal: EnteringCommand['terminal'];
  let resize: (size: TerminalSize) => void = () => undefined;
  let last: TerminalSize = { columns: 80, rows: 24 };
  let resizing: NodeJS.Timeout | undefined;
  session.once('close', () => clearTimeout(resizing));
  session.on('env', (accept, _reject, { key, val }) => {
    if (key === 'GIT_PROTOCOL') protocol = val;
    accept?.();
  });
  session.on('pty', (accept, _reject, info) => {
    terminal = terminalOf(info);
    accept?.();
  });
  session.on('window-change', (accept, _reject, info) => {
    if (terminal !== undefined) terminal = { ...terminal, ...sizeOf(info) };
    last = sizeOf(info);
    // an engine is not asked as often as a client may ask
    resizing ??= setTimeout(() => {
      resizing = undefined;
      resize(last);
    }, RESIZE_EVERY);
    accept?.();
  });
  return {
    get protocol() {
      return protocol;
    },
    get terminal() {
      return terminal;
    },
    onResize(listener) {
      resize = listener;
      if (terminal !== undefined) listener(terminal);
    },
  };
}

const LARGEST = 0xffff;
const RESIZE_EVERY = 20;

/** A window's size, as a terminal can have it. */
const sizeOf = ({ cols, rows }: Pick<PseudoTtyInfo, 'cols' | 'rows'>): TerminalSize => ({
  columns: Math.min(cols, LARGEST),
  rows: Math.min(rows, LARGEST),
});

/** A terminal's name that is none is the plainest. */
const terminalOf = (info: PseudoTtyInfo): NonNullable<EnteringCommand['terminal']> => ({
  type: /^[\w.+-]{1,64}$/.test(info.term) ? info.term : 'dumb',
  ...sizeOf(info),
});
