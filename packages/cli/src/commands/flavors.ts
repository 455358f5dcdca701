import { readFileSync } from 'node:fs';
import { flavors } from '@grid/api';
import type { FlavorDetails, FlavorOrder } from '@grid/api';
import type { Command } from 'commander';
import { Failure } from '../fail.ts';
import { formatOption, parseMemory, parseNumber, parsePrice } from '../options.ts';
import type { Format } from '../options.ts';
import { print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** The sizes that there are, and what operators make of them. */
export function flavorCommands(program: Command): void {
  const group = program
    .command('flavor')
    .alias('flavors')
    .description('the sizes of instances: what there is, and what operators make of it');
  group
    .command('list', { isDefault: true })
    .description('the sizes that there are, the smallest first')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(flavors.listFlavors);
      print({ table: found.flavors.map(rowOf), empty: '', json: found }, format);
    });
  group
    .command('show <name>')
    .description('a size')
    .addOption(formatOption())
    .action(async (name: string, { format }: Format) => {
      const found = await signedIn().call(flavors.getFlavor, { params: { name } });
      print({ table: [rowOf(found)], empty: '', json: found }, format);
    });
  measured(group.command('create <name>'))
    .description('make a size (operators)')
    .action(async (name: string, measures: Measures) => {
      const body = { name, ...orderOf(measures) } as FlavorOrder;
      const missing = (['cpus', 'memoryMiB'] as const).filter((key) => body[key] === undefined);
      if (missing.length > 0) throw new Failure('Say --cpus and --memory.', 'misused');
      say(await signedIn().call(flavors.createFlavor, { body }), 'There is');
    });
  measured(group.command('update <name>'))
    .description('change a size for what starts from now on; what is not named stays (operators)')
    .action(async (name: string, measures: Measures) => {
      const params = { name };
      const body = orderOf(measures);
      const { applications, ...now } = await signedIn().call(flavors.updateFlavor, {
        params,
        body,
      });
      say(now, 'From now on there is');
      if (applications > 0)
        process.stdout.write(
          `${applications} application${applications === 1 ? ' has it and gets' : 's have it and get'} it at the next start; what runs keeps what it has, and its price.\n`,
        );
    });
  group
    .command('delete <name>')
    .description('delete a size that nobody has (operators)')
    .action(async (name: string) => {
      await signedIn().call(flavors.deleteFlavor, { params: { name } });
      process.stdout.write(`${name} is deleted.\n`);
    });
  applyCommand(group);
}

const applyCommand = (group: Command): Command =>
  group
    .command('apply <file>')
    .description(
      'make or replace the sizes of a file of JSON, as list --format json prints them (operators)',
    )
    .option('--only', 'delete all others: these are in place of those that every platform has')
    .action(async (file: string, { only }: { only?: boolean }) => {
      const body = { flavors: readFlavors(file), ...(only === true && { only }) };
      const found = await signedIn().call(flavors.applyFlavors, { body });
      print({ table: found.flavors.map(rowOf), empty: '', json: found }, 'human');
    });

type Measures = {
  cpus?: number;
  memory?: number;
  disk?: number;
  gpus?: number;
  device?: string;
  price?: number;
};

const measured = (command: Command): Command =>
  command
    .option('--cpus <number>', 'shares of the machine’s processors', parseNumber)
    .option('--memory <size>', 'such as 512MiB, 64GiB or 1.5TiB', parseMemory)
    .option('--disk <size>', 'what an instance may write; 10GiB without it', parseMemory)
    .option('--gpus <number>', 'how many; none without it', parseNumber)
    .option('--device <model>', 'which, by words of the model’s name, such as H100; "any" for any')
    .option('--price <euros>', 'for an hour; 10 € a day a GPU without it', parsePrice);

const orderOf = ({
  memory,
  disk,
  device,
  ...rest
}: Measures): Omit<Partial<FlavorOrder>, 'name'> => ({
  ...rest,
  ...(memory !== undefined && { memoryMiB: memory }),
  ...(disk !== undefined && { diskMiB: disk }),
  ...(device !== undefined && { deviceModel: device === 'any' ? null : device }),
});

function readFlavors(file: string): FlavorOrder[] {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
  const list = typeof read === 'object' && read !== null && 'flavors' in read ? read.flavors : read;
  if (Array.isArray(list)) return list as FlavorOrder[];
  throw new Failure(`${file} must hold a list of sizes, or {"flavors": […]}.`);
}

const GIB = 1024;

const spellMemory = (mib: number): string =>
  mib % GIB === 0 ? `${mib / GIB} GiB` : mib < GIB ? `${mib} MiB` : `${(mib / GIB).toFixed(1)} GiB`;

const rowOf = (one: FlavorDetails) => ({
  flavor: one.name,
  cpus: one.cpus,
  memory: spellMemory(one.memoryMiB),
  disk: spellMemory(one.diskMiB),
  gpus:
    one.gpus === 0 ? '' : `${one.gpus}${one.deviceModel === null ? '' : ` × ${one.deviceModel}`}`,
  'euros an hour': Number(one.price.toFixed(4)),
  origin: one.origin,
  fits: one.fits ? 'yes' : 'no',
});

function say(flavor: FlavorDetails, what: string): void {
  const { flavor: name, cpus, memory, gpus, 'euros an hour': euros } = rowOf(flavor);
  const devices = gpus === '' ? '' : `, GPUs: ${gpus}`;
  process.stdout.write(`${what} ${name}: ${cpus} CPUs, ${memory}${devices}, ${euros} € an hour.\n`);
  if (!flavor.fits)
    process.stdout.write(
      'Nothing of it fits this platform now, be it empty: whoever asks is refused.\n',
    );
}
