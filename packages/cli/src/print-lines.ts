import type { LogRecord } from '@grid/api';
import { colour, shownOn } from './print.ts';

/** Prints lines of logs in the order they come, those too that have not ended. */
export type LinePrinter = {
  print(line: LogRecord): void;
  /** To be called before anything else is printed. */
  end(): void;
};

export function printLines(out: NodeJS.WriteStream = process.stdout): LinePrinter {
  const rows = out.isTTY ? onTerminal() : inText();
  const write = (text: string): void => void (text !== '' && out.write(text));
  return {
    print(line) {
      const { prefix, message } = formatLine(line, (text) => shownOn(out, text));
      write(rows.take({ key: `${line.instanceId} ${line.stream}`, prefix, message, line }));
    },
    end: () => write(rows.end()),
  };
}

function formatLine(
  { date, message, service, stream }: LogRecord,
  shown: (text: string) => string,
) {
  const text = shown(message);
  const told = service === 'bas-deploy' || stream === 'platform' ? colour('cyan', text) : text;
  return {
    prefix: `${colour('dim', date.slice(11, 23))} `,
    message: stream === 'stderr' ? colour('red', told) : told,
  };
}

/** A line as it is to be printed; whose it is says which of those before it takes back. */
export type Row = {
  key: string;
  prefix: string;
  message: string;
  line: Pick<LogRecord, 'date' | 'message' | 'unended'>;
};

/** What is to be printed for each line, and at the end. */
export type Rows = { take(row: Row): string; end(): string };

const CLEARED = '\r\u001B[K';
/** As much of a line as the terminal is wide, in the colours of nobody else. */
const inOneRow = (text: string): string => `\u001B[?7l${text}\u001B[0m\u001B[?7h`;

/** The line that has not ended is the last row, and makes way for what comes. */
export function onTerminal(): Rows {
  const unended = new Map<string, string>();
  /** The one that changed last. */
  const last = (): string => {
    const text = [...unended.values()].at(-1);
    return text === undefined ? '' : inOneRow(text);
  };
  return {
    take({ key, prefix, message, line }) {
      const cleared = unended.size === 0 ? '' : CLEARED;
      unended.delete(key);
      if (line.unended !== true) return `${cleared}${prefix}${message}\n${last()}`;
      if (line.message !== '') unended.set(key, `${prefix}${message}`);
      return `${cleared}${last()}`;
    },
    end() {
      const text = unended.size === 0 ? '' : '\n';
      unended.clear();
      return text;
    },
  };
}

/** Of how long a line has not ended, the part that passes between two of its states. */
const STATES_SHARE = 0.1;

/**
 * In what is no terminal nothing is taken back: a line is written on where it goes on, and is written anew where it
 * became another, which is the rarer the longer that goes on.
 */
export function inText(): Rows {
  let open: { key: string; message: string } | undefined;
  const since = new Map<string, { first: number; last: number }>();
  const isTooSoon = ({ key, line }: Row): boolean => {
    const at = Date.parse(line.date);
    const { first, last } = since.get(key) ?? { first: at, last: Number.NEGATIVE_INFINITY };
    if (at - last < (at - first) * STATES_SHARE) return true;
    since.set(key, { first, last: at });
    return false;
  };
  return {
    take(row) {
      const { key, prefix, message, line } = row;
      if (line.message === '' && line.unended === true) return '';
      const goesOn = open?.key === key && message.startsWith(open.message);
      if (line.unended === true && !goesOn && isTooSoon(row)) return '';
      const text = goesOn
        ? message.slice(open?.message.length)
        : `${open === undefined ? '' : '\n'}${prefix}${message}`;
      open = { key, message };
      if (line.unended === true) return text;
      open = undefined;
      since.delete(key);
      return `${text}\n`;
    },
    end() {
      const text = open === undefined ? '' : '\n';
      open = undefined;
      return text;
    },
  };
}
