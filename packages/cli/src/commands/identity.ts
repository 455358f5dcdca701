import { accounts, grid, operator } from '@grid/api';
import type { Command } from 'commander';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** Addresses of the account, and what operators say of addresses and names. */
export function identityCommands(program: Command): void {
  emailCommands(program);
  const group = program.command('operator').description('what only operators of the platform may');
  group
    .command('emails')
    .description('addresses that users say are theirs, and nobody has proven')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(operator.listPendingEmails);
      const table = found.map(({ email, userId, name, at }) => ({
        email,
        name,
        user: userId,
        added: ago(at, Date.now()),
      }));
      print({ table, empty: 'None waits for your word.', json: found }, format);
    });
  group
    .command('confirm-email <address> <user>')
    .description('say that an address is the user’s who has added it')
    .action(async (email: string, userId: string) => {
      await signedIn().call(operator.confirmEmail, { params: { email }, body: { userId } });
      process.stdout.write(`${email} is theirs.\n`);
    });
  nameCommands(group);
}

function nameCommands(group: Command): void {
  group
    .command('names')
    .description('names that you gave to owners, or keep from everybody')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(operator.listReservedNames);
      const table = found.map(({ host, ownerId }) => ({ name: host, owner: ownerId ?? 'nobody' }));
      print({ table, empty: 'You have said nothing of any name.', json: found }, format);
    });
  group
    .command('reserve-name <name>')
    .description('keep a name, with all below it, from everybody, or give it to an owner')
    .option('--for <owner>', 'an organization (orga_…) or a user (user_…)')
    .action(async (fqdn: string, { for: ownerId }: { for?: string }) => {
      const body = ownerId === undefined ? {} : { ownerId };
      await signedIn().call(operator.reserveName, { params: { fqdn }, body });
      process.stdout.write(`${fqdn} is for ${ownerId ?? 'nobody'} from now on.\n`);
    });
  group
    .command('release-name <name>')
    .description('take back what was said of a name')
    .action(async (fqdn: string) => {
      await signedIn().call(operator.releaseName, { params: { fqdn } });
      process.stdout.write(`${fqdn} is like any other name again.\n`);
    });
}

function emailCommands(program: Command): void {
  const emails = program.command('email').description('addresses of your account');
  emails
    .command('list')
    .description('your addresses, and whether they are proven')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(grid.listOwnEmails);
      const table = found.map(({ email, primary, proven }) => ({
        email,
        state: primary ? 'to sign in with' : proven ? 'proven' : 'waits for the operator',
      }));
      print({ table, empty: '', json: found }, format);
    });
  emails
    .command('add <address>')
    .description('add an address; it counts once an operator has confirmed it')
    .action(async (email: string) => {
      await signedIn().call(accounts.putEmail, { params: { email } });
      process.stdout.write(`${email} is added: grid email list says whether it counts yet.\n`);
    });
  emails
    .command('rm <address>')
    .description('remove an address')
    .action(async (email: string) => {
      await signedIn().call(accounts.deleteEmail, { params: { email } });
      process.stdout.write('The address is removed.\n');
    });
}
