import { billing } from '@grid/api';
import type { Command } from 'commander';
import { findOwner } from '../find-application.ts';
import { formatOption } from '../options.ts';
import type { Format } from '../options.ts';
import { euros, print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** What was used, and what it costs. */
export function billingCommands(program: Command): void {
  program
    .command('usage')
    .description('minutes and euros by application, this month')
    .option('--org <organization>', 'where there are several')
    .addOption(formatOption())
    .action(async ({ org, format }: Format & { org?: string }) => {
      const client = signedIn();
      const owner = await findOwner(client, org);
      const usage = await client.call(billing.getUsage, { params: { ownerId: owner.id } });
      const rows = usage.applications.map((one) => ({
        application: `${one.applicationName ?? one.applicationId ?? ''}${one.applicationDeleted ? ' (deleted)' : ''}`,
        minutes: one.minutes,
        'gpu minutes': one.gpuMinutes,
        cost: euros(one.microEuros),
      }));
      const total = usage.applications.reduce((sum, { microEuros }) => sum + microEuros, 0);
      const minutes = usage.applications.reduce((sum, one) => sum + one.minutes, 0);
      const gpuMinutes = usage.applications.reduce((sum, one) => sum + one.gpuMinutes, 0);
      const table = [
        ...rows,
        { application: 'Total', minutes, 'gpu minutes': gpuMinutes, cost: euros(total) },
      ];
      print({ table, empty: 'Nothing was used yet.', json: usage }, format);
    });
}
