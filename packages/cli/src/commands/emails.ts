import { emails } from '@grid/api';
import type { Command } from 'commander';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** Addresses of the account, and what operators say of them. */
export function emailCommands(program: Command, operator: Command): void {
  const group = program.command('email').description('addresses of your account');
  group
    .command('list')
    .description('your addresses, and whether they are proven')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(emails.listOwnEmails);
      const table = found.map(({ email, primary, proven }) => ({
        email,
        state: primary ? 'to sign in with' : proven ? 'proven' : 'waits for the operator',
      }));
      print({ table, empty: '', json: found }, format);
    });
  group
    .command('add <address>')
    .description('add an address; it counts once an operator has confirmed it')
    .action(async (email: string) => {
      await signedIn().call(emails.putEmail, { params: { email } });
      process.stdout.write(`${email} is added: grid email list says whether it counts yet.\n`);
    });
  group
    .command('rm <address>')
    .description('remove an address')
    .action(async (email: string) => {
      await signedIn().call(emails.deleteEmail, { params: { email } });
      process.stdout.write('The address is removed.\n');
    });
  operator
    .command('emails')
    .description('addresses that users say are theirs, and nobody has proven')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(emails.listPendingEmails);
      const table = found.map(({ email, userId, name, at }) => ({
        email,
        name,
        user: userId,
        added: ago(at, Date.now()),
      }));
      print({ table, empty: 'None waits for your word.', json: found }, format);
    });
  operator
    .command('confirm-email <address> <user>')
    .description('say that an address is the user’s who has added it')
    .action(async (email: string, userId: string) => {
      await signedIn().call(emails.confirmEmail, { params: { email }, body: { userId } });
      process.stdout.write(`${email} is theirs.\n`);
    });
}
