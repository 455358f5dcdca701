import { environment } from '@grid/api';
import type { Command } from 'commander';
import { findApplication, paramsOf } from '../find-application.ts';
import { formatOption, parsePairs } from '../options.ts';
import type { Format } from '../options.ts';
import { print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** The variables of applications. */
export function environmentCommands(program: Command): void {
  const group = program
    .command('env')
    .description('print what scripts and the clever CLI need, for eval');
  group
    .command('list')
    .description("an application's variables")
    .option('--app <application>')
    .addOption(formatOption())
    .action(async ({ app, format }: Format & { app?: string }) => {
      const client = signedIn();
      const params = paramsOf(await findApplication(client, app));
      const variables = await client.call(environment.getEnvironment, { params });
      const table = variables.map(({ name, value }) => ({ name, value }));
      print({ table, empty: 'No variables.', json: variables }, format);
    });
  group
    .command('set <pairs...>')
    .description('set variables: NAME=value …')
    .option('--app <application>')
    .action(async (pairs: string[], { app }: { app?: string }) => {
      const client = signedIn();
      const params = paramsOf(await findApplication(client, app));
      for (const [name, value] of Object.entries(parsePairs(pairs)))
        await client.call(environment.setVariable, {
          params: { ...params, name },
          body: { value },
        });
      process.stdout.write('Set; it counts from the next deployment on (grid restart).\n');
    });
  group
    .command('rm <names...>')
    .description('remove variables')
    .option('--app <application>')
    .action(async (names: string[], { app }: { app?: string }) => {
      const client = signedIn();
      const params = paramsOf(await findApplication(client, app));
      for (const name of names)
        await client.call(environment.removeVariable, { params: { ...params, name } });
      process.stdout.write('Removed; it counts from the next deployment on (grid restart).\n');
    });
}
