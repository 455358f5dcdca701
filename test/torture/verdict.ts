import type { Tally } from './tally.ts';
import type { Waited } from './watch-innocents.ts';

/** What was seen of one attack. */
export type Seen = {
  name: string;
  tally: Tally;
  /** What innocent requests waited in peace, just before, and while it lasted. */
  before: readonly Waited[];
  during: readonly Waited[];
  /** Processes of the platform that did not live through it. */
  ended: readonly string[];
  /** Of the control plane, in MiB. */
  memory: readonly [before: number, after: number];
  /** What failed in the attack itself. */
  failure: string | undefined;
};

/** How much longer than the longest wait in peace an innocent request may wait for an attack. */
const ALLOWANCE = 100;

/** What must not be, each in a few words. */
export const wrongsOf = ({ tally, ended, during, failure }: Seen): string[] => [
  ...ended.map((process) => `${process} ended`),
  ...tally.wrong,
  ...during.flatMap(({ probe, failed }) =>
    failed.length === 0 ? [] : [`${failed.length} × ${probe} failed: ${failed[0]}`],
  ),
  ...(failure === undefined ? [] : [failure]),
];

/** Who waited too long because of it. */
export function delaysOf({ during }: Seen, peace: ReadonlyMap<string, number>): string[] {
  return during.flatMap(({ probe, max }) => {
    const longer = max - (peace.get(probe) ?? 0);
    return longer > ALLOWANCE ? [`${probe} waited ${Math.round(longer)} ms longer`] : [];
  });
}

/** The longest that each waited in peace. */
export function longestWaits(all: readonly Seen[]): Map<string, number> {
  const longest = new Map<string, number>();
  for (const { probe, max } of all.flatMap(({ before }) => before))
    longest.set(probe, Math.max(max, longest.get(probe) ?? 0));
  return longest;
}

const HEAD = ['ATTACK', 'TRIED', 'ANSWERED', 'REFUSED', 'CUT', 'IN PEACE', 'MEANWHILE'];

/** One line for each attack; times are those of all innocent requests together, in milliseconds. */
export function formatTable(all: readonly Seen[], isLenient: boolean): string {
  const peace = longestWaits(all);
  const rows = all.map((seen) => {
    const { tries, answered, refused, cut } = seen.tally;
    const counts = [tries, answered, refused, cut].map(String);
    const [least, most] = seen.memory;
    const delays = delaysOf(seen, peace);
    const wrongs = [...wrongsOf(seen), ...(isLenient ? [] : delays)];
    const said = [...wrongsOf(seen), ...delays].join('; ');
    const verdict = `${wrongs.length === 0 ? 'held' : 'BROKEN'}${said === '' ? '' : `: ${said}`}`;
    return [
      seen.name,
      ...counts,
      spread(seen.before),
      spread(seen.during),
      `${least} → ${most}`,
      verdict,
    ];
  });
  return align([[...HEAD, 'MEMORY (MiB)', 'VERDICT'], ...rows]);
}

/** The worst of the kinds of requests: p50 / p99 / max. */
function spread(waited: readonly Waited[]): string {
  const worst = (of: (one: Waited) => number): string =>
    String(Math.round(Math.max(0, ...waited.map(of))));
  return `${worst(({ p50 }) => p50)} / ${worst(({ p99 }) => p99)} / ${worst(({ max }) => max)}`;
}

/** Each kind of request of each attack, for who wants to know. */
export const formatWaits = (all: readonly Seen[]): string =>
  align([
    ['ATTACK', 'REQUEST', 'IN PEACE', 'MEANWHILE'],
    ...all.flatMap(({ name, before, during }) =>
      during.map((one) => [
        name,
        one.probe,
        spread(before.filter(({ probe }) => probe === one.probe)),
        spread([one]),
      ]),
    ),
  ]);

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
