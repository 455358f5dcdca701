/** What a command found: printed as a table for people, as JSON for programs. */
export type Printable =
  | { table: readonly Readonly<Record<string, string | number>>[]; empty: string; json: unknown }
  | { text: string; json: unknown };

export function print(found: Printable, format: 'human' | 'json'): void {
  const text =
    format === 'json'
      ? JSON.stringify(found.json, null, 2)
      : 'text' in found
        ? found.text
        : found.table.length === 0
          ? found.empty
          : formatTable(found.table);
  if (text !== '') say(text);
}

/** Prints lines that may hold what others wrote. */
export const say = (text: string): void =>
  void process.stdout.write(`${shownOn(process.stdout, text)}\n`);

/** A character that makes a terminal do something, with what may make it a colour, or clear the row. */
const CONTROL = /(\p{Cc})(\[[\d;:]*[mK])?/gu;
const KEPT: ReadonlySet<string> = new Set(['\t', '\n', '\r']);
const ESCAPE = '\u001B';

/**
 * Text as a terminal is to show it, and to do nothing else: it may come from anybody who made a request that an
 * application wrote down. Colours stay; what clears a row, as progress bars do, goes. Files and other programs get it as it is.
 */
export const shownOn = ({ isTTY }: { isTTY?: boolean }, text: string): string =>
  isTTY === true
    ? text.replaceAll(CONTROL, (one, control: string, rest = '') => {
        if (KEPT.has(control)) return one;
        if (control !== ESCAPE || rest === '') return spell(control) + rest;
        return rest.endsWith('m') ? one : '';
      })
    : text;

const spell = (control: string): string =>
  `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** Columns as wide as they need to be; numbers to the right. */
function formatTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length)),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const head = line(names.map((name) => name.toUpperCase()));
  return [head, ...rows.map((row) => line(names.map((name) => row[name] ?? '')))].join('\n');
}

const colours = { green: 32, red: 31, dim: 2, bold: 1, cyan: 36 } as const;

/** Coloured on a terminal only, and never where NO_COLOR is set. */
export const colour = (name: keyof typeof colours, text: string): string =>
  process.stdout.isTTY && process.env['NO_COLOR'] === undefined
    ? `\u001B[${colours[name]}m${text}\u001B[0m`
    : text;

export const ago = (at: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(at).toISOString().slice(0, 10);
};

/** `in 25 min`, `now`. */
export function until(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  if (seconds < 5) return 'now';
  return `in ${spellSeconds(seconds)}`;
}

/** `45 s`, `25 min`, `3 h`, `2 d`: one unit, the nearest. */
export function spellSeconds(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

export const euros = (micros: number): string => {
  const amount = micros / 1_000_000;
  return micros === 0 || amount >= 0.01
    ? `${amount.toFixed(2)} €`
    : `${Number(amount.toPrecision(4))} €`;
};
