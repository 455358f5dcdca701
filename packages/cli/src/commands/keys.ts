import { keys } from '@grid/api';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** The keys that pushes are made with. */
export function keyCommands(program: Command): void {
  const group = program.command('ssh-key').description('keys to push with');
  group
    .command('add <file>')
    .description('add a public key (.pub)')
    .option('--name <name>', 'what to call it', 'default')
    .action(async (file: string, { name }: { name: string }) => {
      const body = readFileSync(file, 'utf8');
      await signedIn().call(keys.putKey, { params: { name }, body });
      process.stdout.write(`The key is added as ${name}.\n`);
    });
  group
    .command('list')
    .description('your keys')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(keys.listKeys);
      const table = found.map(({ name, fingerprint }) => ({ name, fingerprint }));
      print(
        { table, empty: 'No keys yet: grid ssh-key add ~/.ssh/id_ed25519.pub', json: found },
        format,
      );
    });
  group
    .command('rm <name>')
    .description('remove a key')
    .action(async (name: string) => {
      await signedIn().call(keys.deleteKey, { params: { name } });
      process.stdout.write('The key is removed.\n');
    });
}
