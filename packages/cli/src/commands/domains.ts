import { domains } from '@grid/api';
import type { Command } from 'commander';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** What operators say of names: whose they are. */
export function domainCommands(operator: Command): void {
  operator
    .command('names')
    .description('names that you gave to owners, or keep from everybody')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(domains.listReservedNames);
      const table = found.map(({ host, ownerId }) => ({ name: host, owner: ownerId ?? 'nobody' }));
      print({ table, empty: 'You have said nothing of any name.', json: found }, format);
    });
  operator
    .command('reserve-name <name>')
    .description('keep a name, with all below it, from everybody, or give it to an owner')
    .option('--for <owner>', 'an organization (orga_…) or a user (user_…)')
    .action(async (fqdn: string, { for: ownerId }: { for?: string }) => {
      const body = ownerId === undefined ? {} : { ownerId };
      await signedIn().call(domains.reserveName, { params: { fqdn }, body });
      process.stdout.write(`${fqdn} is for ${ownerId ?? 'nobody'} from now on.\n`);
    });
  operator
    .command('release-name <name>')
    .description('take back what was said of a name')
    .action(async (fqdn: string) => {
      await signedIn().call(domains.releaseName, { params: { fqdn } });
      process.stdout.write(`${fqdn} is like any other name again.\n`);
    });
}
