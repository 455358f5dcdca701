import { parseArgs } from 'node:util';
import { attacks } from '../test/torture/attacks.ts';
import { torture } from '../test/torture/hostile.ts';
import {
  delaysOf,
  formatTable,
  formatWaits,
  longestWaits,
  wrongsOf,
} from '../test/torture/verdict.ts';

/**
 * The long form of attack: `npm run torture -- hostile [--only NAME …] [--seconds N] [--lenient] [--waits]`.
 * Exit code 1 where the platform did not hold; `--lenient` forgives what only took time.
 */
const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '10' },
    lenient: { type: 'boolean', default: false },
    waits: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const seconds = Number(values.seconds);
if (positionals.join() !== 'hostile')
  refuse('What is there is called hostile: npm run torture -- hostile');
if (!(seconds >= 1 && seconds <= 600)) refuse('--seconds takes a number of 1 to 600.');
const chosen = attacks.filter(
  ({ name }) => values.only.length === 0 || values.only.some((word) => name.includes(word)),
);
if (chosen.length === 0)
  refuse(`There is none: choose from ${attacks.map(({ name }) => name).join(', ')}.`);

const all = await torture({
  attacks: chosen,
  seconds,
  say: (line) => void process.stderr.write(`${line}\n`),
});
say(formatTable(all, values.lenient));
if (values.waits) say(`\n${formatWaits(all)}`);
const notes = all.flatMap(({ name, tally }) => [...tally.notes].map((note) => `${name}: ${note}`));
if (notes.length > 0) say(`\n${notes.join('\n')}`);
const peace = longestWaits(all);
const broken = all.filter(
  (seen) => wrongsOf(seen).length > 0 || (!values.lenient && delaysOf(seen, peace).length > 0),
);
process.exit(broken.length === 0 ? 0 : 1);
