import { deployments, instances } from '@grid/api';
import type { Application, Client, Deployment } from '@grid/api';
import type { Command } from 'commander';
import { addressOf } from '../address-of.ts';
import { Failure } from '../fail.ts';
import { findApplication, paramsOf } from '../find-application.ts';
import { followActivity } from '../follow-activity.ts';
import { followDeployment } from '../follow.ts';
import { headCommit, runGit } from '../git.ts';
import { formatOption, parseCount } from '../options.ts';
import type { Format } from '../options.ts';
import { platformStatus } from './platform.ts';
import { ago, colour, print, say } from '../print.ts';
import { readProfile, signedIn } from '../profile.ts';
import { settingOption } from '../setting-options.ts';
import { startSpinner } from '../spinner.ts';

type AppOption = { app?: string };

/** Deploying, running, stopping, and watching it. */
export function deploymentCommands(program: Command): void {
  program
    .command('deploy')
    .description('push this folder’s HEAD and follow the deployment')
    .option('--app <application>')
    .option('--force', 'also where history was rewritten')
    .action(async ({ app, force }: AppOption & { force?: boolean }) => {
      const client = signedIn();
      const application = await findApplication(client, app);
      await push(client, application, force === true);
    });
  program
    .command('restart')
    .description('deploy again the commit that was deployed last; a Runner runs again')
    .option('--app <application>')
    .option('--commit <id>', 'another commit that was pushed')
    .option('--without-cache', 'build afresh')
    .option('--detach', 'do not wait for its end')
    .action((options: RestartOptions) => restart(options));
  program
    .command('stop')
    .description('stop everything of an application')
    .option('--app <application>')
    .action(async ({ app }: AppOption) => {
      const client = signedIn();
      const application = await findApplication(client, app);
      await client.call(deployments.stop, { params: paramsOf(application) });
      process.stdout.write(`${application.name} is being stopped.\n`);
    });
  statusCommand(program);
  activityCommand(program);
}

type RestartOptions = AppOption & { commit?: string; withoutCache?: boolean; detach?: boolean };

async function restart({ app, commit, withoutCache, detach }: RestartOptions): Promise<void> {
  const client = signedIn();
  const application = await findApplication(client, app);
  const query = { commit, cause: 'grid', useCache: withoutCache === true ? 'no' : 'yes' } as const;
  const { deploymentId } = await client.call(deployments.deploy, {
    params: paramsOf(application),
    query,
  });
  process.stdout.write(`${deploymentId}\n`);
  if (detach !== true) conclude(await followDeployment(client, application, deploymentId));
}

async function push(client: Client, application: Application, force: boolean): Promise<void> {
  const params = paramsOf(application);
  const commit = await headCommit();
  if (commit === undefined)
    throw new Failure('There is no commit in this folder to push.', 'misused');
  const before = await client.call(deployments.listDeployments, { params, query: { limit: 5 } });
  const url = application.deployment.url;
  const code = await runGit([
    'push',
    ...(force ? ['--force'] : []),
    url,
    `${commit}:refs/heads/master`,
  ]);
  if (code !== 0) throw new Failure('The push was refused; git says why above.');
  const spinner = startSpinner('Waiting for the deployment');
  const after = await client.call(deployments.listDeployments, { params, query: { limit: 5 } });
  spinner.stop();
  const known = new Set(before.map(({ uuid }) => uuid));
  const [started] = after.filter(({ uuid, commit: one }) => !known.has(uuid) && one === commit);
  if (started === undefined)
    throw new Failure(
      'This commit is what was pushed last: commit something, or use "grid restart".',
    );
  conclude(await followDeployment(client, application, started.uuid));
}

/** Exit code 0 for what succeeded, 1 for what did not. */
function conclude({ state, status, detail }: Deployment): void {
  if (state === 'OK') {
    process.stdout.write(`${colour('green', '✓')} ${status}\n`);
    return;
  }
  throw new Failure(`${status}${detail === null ? '' : `: ${detail}`}`);
}

function statusCommand(program: Command): void {
  program
    .command('status')
    .description('how the platform stands, or with --app an application')
    .addOption(settingOption('dataDirectory'))
    .option('--app <application>')
    .option('--json', 'for programs')
    .action(async (options: AppOption & { dataDirectory?: string; json?: boolean }) => {
      if (options.app === undefined) return platformStatus(options);
      const client = signedIn();
      const application = await findApplication(client, options.app);
      const params = paramsOf(application);
      const running = await client.call(instances.listInstances, { params });
      const [newest] = await client.call(deployments.listDeployments, {
        params,
        query: { limit: 1 },
      });
      const json = { application, instances: running, deployment: newest ?? null };
      const lines = [
        `${application.name} (${application.id}): ${newest?.status ?? 'nothing was pushed yet'}`,
        ...(newest?.detail ? [`  ${newest.detail}`] : []),
        ...application.vhosts.map(({ fqdn }) => `  ${addressOf(fqdn)}`),
        ...running.map(
          (one) =>
            `  ${one.instanceNumber}  ${one.state.padEnd(16)} ${one.displayName} (${one.flavor.name})`,
        ),
      ];
      return print({ text: lines.join('\n'), json }, options.json === true ? 'json' : 'human');
    });
}

type ActivityOptions = AppOption & Format & { limit: number; follow?: boolean };

function activityCommand(program: Command): void {
  program
    .command('activity')
    .description('deployments, the newest first')
    .option('--app <application>')
    .option('--limit <number>', 'how many', parseCount, 10)
    .option('-f, --follow', 'the newest last, and go on as deployments begin and end')
    .addOption(formatOption())
    .action(async ({ app, limit, format, follow }: ActivityOptions) => {
      const client = signedIn();
      const application = await findApplication(client, app);
      if (follow === true) {
        const deps = { client, profile: readProfile() };
        for await (const one of followActivity(deps, application, limit))
          say(format === 'json' ? JSON.stringify(one) : formatActivity(one));
      }
      const params = paramsOf(application);
      const found = await client.call(deployments.listDeployments, { params, query: { limit } });
      const table = found.map((one) => ({
        no: one.id,
        when: ago(one.date, Date.now()),
        state: one.status,
        action: one.action,
        commit: one.commit?.slice(0, 8) ?? '',
        cause: one.cause,
        detail: one.detail ?? '',
      }));
      print({ table, empty: 'Nothing was deployed yet.', json: found }, format);
    });
}

function formatActivity({
  date,
  state,
  status,
  action,
  commit,
  cause,
  detail,
}: Deployment): string {
  const stateColour = state === 'OK' ? 'green' : state === 'WIP' ? 'cyan' : 'red';
  const columns = [
    colour('dim', new Date(date).toISOString().slice(0, 19)),
    colour(stateColour, status.padEnd(10)),
    action.padEnd(8),
    commit?.slice(0, 8) ?? '',
    cause,
    detail ?? '',
  ];
  return columns.join('  ').trimEnd();
}
