import { limits } from '@grid/api';
import type { Limit } from '@grid/api';
import type { Command } from 'commander';
import { Failure } from '../fail.ts';
import { findApplication, findOwner } from '../find-application.ts';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** What there may be so many of, and what operators make of it. */
export function limitCommands(program: Command): void {
  const all = program
    .command('limits')
    .description('what you, an organization and its applications may have, and what of it is used')
    .option('--org <organization>', 'where there are several')
    .option('--app <application>', 'count what this application has too')
    .addOption(formatOption())
    .action(async ({ org, app, format }: Format & { org?: string; app?: string }) => {
      const client = signedIn();
      const application = app === undefined ? undefined : await findApplication(client, app);
      const ownerId = application?.ownerId ?? (await findOwner(client, org)).id;
      const query = application === undefined ? {} : { applicationId: application.id };
      const found = await client.call(limits.getLimits, { params: { ownerId }, query });
      print({ table: found.limits.map(rowOf), empty: '', json: found }, format);
    });
  all
    .command('set <name> <value>')
    .description('set a limit: a number, `none`, or `default` (operators)')
    .option('--owner <id>', 'of one user (user_…) or organization (orga_…); all without it')
    .action(async (name: string, text: string, { owner }: { owner?: string }) => {
      const client = signedIn();
      const ownerId = owner === undefined ? {} : { ownerId: owner };
      const params = { name };
      if (text === 'default') await client.call(limits.unsetLimit, { params, query: ownerId });
      else {
        const body = { value: parseValue(text), ...ownerId };
        await client.call(limits.setLimit, { params, body });
      }
      process.stdout.write(
        `${name}: ${text}${owner === undefined ? ', for all' : `, for ${owner}`}\n`,
      );
    });
  all
    .command('changes')
    .description('what was set instead of the defaults (operators)')
    .addOption(formatOption())
    .action(async ({ format }: Format) => {
      const found = await signedIn().call(limits.listSetLimits);
      const table = found.limits.map(({ name, ownerId, value }) => ({
        limit: name,
        for: ownerId ?? 'all',
        value: spell(value),
      }));
      print({ table, empty: 'All limits are as they come.', json: found }, format);
    });
}

const spell = (value: number | null): string => (value === null ? 'none' : String(value));

const rowOf = ({ name, of, used, value, means }: Limit) => ({
  limit: name,
  of,
  used: used === null ? '' : String(used),
  may: spell(value),
  'what it counts': means,
});

function parseValue(text: string): number | null {
  if (text === 'none') return null;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new Failure('A limit is a whole number, "none" or "default".', 'misused');
}
