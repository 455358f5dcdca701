import { runtimeNames, slugOf } from '@grid/server/builds/runtime.ts';
import type { ApplicationKind } from '@grid/server/builds/runtime.ts';
import { applications, products } from '@grid/api';
import type { Application, Client } from '@grid/api';
import { Argument } from 'commander';
import type { Command } from 'commander';
import { addressOf } from '../address-of.ts';
import { Failure } from '../fail.ts';
import { findApplication, findOwner, paramsOf } from '../find-application.ts';
import { runGit } from '../git.ts';
import { collect, formatOption, parseCount, parsePairs } from '../options.ts';
import type { Format } from '../options.ts';
import { ago, print } from '../print.ts';
import { signedIn } from '../profile.ts';

/** Making, listing and erasing applications. */
export function applicationCommands(program: Command): void {
  const app = program.command('app').description('applications');
  createCommand(app);
  app
    .command('list')
    .description('your applications')
    .option('--org <organization>', 'only those of one organization')
    .addOption(formatOption())
    .action(async ({ org, format }: Format & { org?: string }) => {
      const client = signedIn();
      const owner = await findOwner(client, org);
      const found = await client.call(applications.listApplications, {
        params: { ownerId: owner.id },
      });
      const table = found.map((one) => ({ name: one.name, ...columns(one) }));
      print(
        { table, empty: 'No applications yet: grid app create NAME --type ml_python', json: found },
        format,
      );
    });
  showCommand(app);
  sandboxCommand(app);
  app
    .command('delete <application>')
    .description('end an application and erase it')
    .option('--yes', 'do not ask')
    .action(async (named: string, { yes }: { yes?: boolean }) => {
      const client = signedIn();
      const application = await findApplication(client, named);
      if (yes !== true)
        throw new Failure(
          `This erases ${application.name} with its repository and logs: add --yes.`,
          'misused',
        );
      await client.call(applications.deleteApplication, { params: paramsOf(application) });
      print(
        { text: `${application.name} is being erased.`, json: { id: application.id } },
        'human',
      );
    });
}

function sandboxCommand(app: Command): void {
  app
    .command('sandbox <application-id>')
    .description('what an application may ask of the kernel, from its next start on (operators)')
    .addArgument(
      new Argument('<kind>', 'nested allows namespaces of its own').choices(['strict', 'nested']),
    )
    .action(async (applicationId: string, sandbox: 'strict' | 'nested') => {
      await signedIn().call(applications.setSandbox, {
        params: { applicationId },
        body: { sandbox },
      });
      process.stdout.write('Set; it counts from the next deployment on (grid restart).\n');
    });
}

function showCommand(app: Command): void {
  app
    .command('show [application]')
    .description('one application: its size, addresses and repository')
    .addOption(formatOption())
    .action(async (named: string | undefined, { format }: Format) => {
      const application = await findApplication(signedIn(), named);
      const { type, size, state } = columns(application);
      const lines = [
        `${application.name} (${application.id})`,
        `  Type        ${type}`,
        `  Size        ${size}`,
        `  State       ${state}`,
        `  Repository  ${application.deployment.url}`,
        ...application.vhosts.map(({ fqdn }) => `  Address     ${addressOf(fqdn)}`),
      ];
      print({ text: lines.join('\n'), json: application }, format);
    });
}

const columns = (application: Application) => ({
  type: application.instance.variant.slug,
  size: `${application.instance.minInstances} × ${application.instance.minFlavor.name}`,
  state: application.state === 'SHOULD_BE_UP' ? 'up' : 'stopped',
  created: ago(application.creationDate, Date.now()),
  id: application.id,
});

type CreateOptions = Format & {
  type: string;
  org?: string;
  flavor?: string;
  nodes: number;
  env: string[];
  remote?: boolean;
};

/** The types of application of a kind, for people. */
const typesOf = (kind: ApplicationKind): string =>
  runtimeNames
    .map((runtime) => slugOf(runtime, kind))
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ');

function createCommand(app: Command): void {
  app
    .command('create <name>')
    .description('create an application')
    .requiredOption(
      '--type <type>',
      `${typesOf('runner')} (Runners); ${typesOf('webapp')} (Webapps)`,
    )
    .option('--org <organization>', 'where there are several')
    .option('--flavor <size>', 'such as XS, S or ML_S')
    .option('--nodes <number>', 'number of instances', parseCount, 1)
    .option('--env <NAME=value>', 'a variable; may be repeated', collect, [])
    .option('--no-remote', 'do not add the git remote "grid" to this folder')
    .addOption(formatOption())
    .action(async (name: string, options: CreateOptions) => {
      const client = signedIn();
      const application = await create(client, name, options);
      const { url } = application.deployment;
      const remote = options.remote === false ? false : await addRemote(url);
      const next = remote ? 'git push grid HEAD:master' : `git push ${url} HEAD:master`;
      print(
        { text: `${name} is created (${application.id}).\nPush to it: ${next}`, json: application },
        options.format,
      );
    });
}

async function create(client: Client, name: string, options: CreateOptions): Promise<Application> {
  const owner = await findOwner(client, options.org);
  const types = await client.call(products.listInstanceTypes);
  const type = types.find(({ variant, enabled }) => enabled && variant.slug === options.type);
  if (type === undefined) {
    const offered = types.filter(({ enabled }) => enabled).map(({ variant }) => variant.slug);
    throw new Failure(
      `There is no type ${options.type}: choose ${offered.join(' or ')}.`,
      'misused',
    );
  }
  const flavor = options.flavor ?? type.defaultFlavor.name;
  const { nodes } = options;
  return client.call(applications.createApplication, {
    params: { ownerId: owner.id },
    body: {
      name,
      instanceVariant: type.variant.id,
      env: parsePairs(options.env),
      minFlavor: flavor,
      maxFlavor: flavor,
      minInstances: nodes,
      maxInstances: nodes,
    },
  });
}

/** Names the repository `grid` in a folder that is one; false elsewhere, or where the name is taken. */
const addRemote = async (url: string): Promise<boolean> =>
  (await runGit(['remote', 'add', 'grid', url], 'quiet')) === 0;
