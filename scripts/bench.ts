import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Figure } from '../bench/figure.ts';

/** Runs the benchmarks named, or all: `npm run bench -- [NAME …] [--json]`. */
const folder = join(import.meta.dirname, '..', 'bench');
const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' } },
  allowPositionals: true,
});
const known = globSync('*/bench.ts', { cwd: folder })
  .map((path) => basename(dirname(path)))
  .toSorted();

async function runBench(name: string): Promise<readonly Figure[]> {
  if (process.stderr.isTTY) process.stderr.write(`Measuring ${name} …\n`);
  const { bench } = (await import(join(folder, name, 'bench.ts'))) as { bench: Bench };
  return bench();
}

const round = (value: number | null): string =>
  value === null ? '' : String(Number(value.toPrecision(4)));

const columns: readonly [title: string, cell: (figure: Figure) => string][] = [
  ['BENCH', ({ bench }) => bench],
  ['METRIC', ({ metric }) => metric],
  ['VALUE', ({ value, unit }) => (value === null ? 'not measured' : `${round(value)} ${unit}`)],
  ['ROUNDS', ({ rounds }) => spreadOf(rounds)],
  ['GOAL', ({ goal }) => goal ?? ''],
  ['MET', ({ met }) => (met === null ? '' : met ? 'yes' : 'NO')],
  ['BESIDE', ({ beside, besideValue, unit }) => besideText(beside, besideValue, unit)],
  ['RATIO', ({ ratio }) => round(ratio)],
];

const spreadOf = (rounds: readonly number[]): string =>
  rounds.length < 2 ? '' : `${round(Math.min(...rounds))}–${round(Math.max(...rounds))}`;

function besideText(beside: string | null, value: number | null, unit: string): string {
  if (beside === null) return '';
  return value === null ? `${beside}: not measured` : `${beside}: ${round(value)} ${unit}`;
}

function formatTable(figures: readonly Figure[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...figures.map((figure) => columns.map(([, cell]) => cell(figure))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line a figure for programs as it is measured, one table for people at the end. */
async function measure(names: readonly string[]): Promise<void> {
  const all: Figure[] = [];
  for (const name of names) {
    const figures = await runBench(name);
    all.push(...figures);
    if (values.json === true)
      for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`);
  }
  if (values.json !== true) process.stdout.write(`${formatTable(all)}\n`);
}

const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(', ')}: choose from ${known.join(', ')}.\n`,
  );
  process.exit(2);
}
await measure(positionals.length > 0 ? positionals : known);
