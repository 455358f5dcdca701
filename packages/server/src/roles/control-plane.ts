import { chmod, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, networkInterfaces } from 'node:os';
import { newClaimToken } from '../accounts/claim-platform.ts';
import type { Authority } from '../certificates/certificate.ts';
import { openCertificate } from '../certificates/open-certificate.ts';
import type { Config } from '../config.ts';
import { findBuilt } from '../deployments/deployment-store.ts';
import { createEnvironments } from '../applications/environments.ts';
import type { Machine } from '../engines/adapter.ts';
import type { GitLimits } from '../git/git-limits.ts';
import { createRepository, hasCommit, readHeads } from '../git/repository.ts';
import { warnOfGit } from '../git/run-git.ts';
import { startSshServer } from '../ssh/server.ts';
import type { SshServer } from '../ssh/server.ts';
import { buildApp } from '../http/build-app.ts';
import type { HttpContext } from '../http/build-app.ts';
import { createHttpState } from '../http/http-state.ts';
import { listenForOperators } from '../http/operator-socket.ts';
import { CannotStart } from '../lib/cannot-start.ts';
import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { openKeyring } from '../lib/encryption.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { appendLine } from '../logs/append-log.ts';
import type { DataPaths } from '../paths.ts';
import { keepLeading } from '../reconcile/keep-leading.ts';
import { becomeLeader } from '../reconcile/leader.ts';
import type { Leadership } from '../reconcile/leader.ts';
import { exposeConnections } from '../routing/expose-connections.ts';
import { openRouter } from '../routing/keep-router.ts';
import { createTxtReader } from '../routing/read-txt.ts';
import type { RouterSettings } from '../routing/router-settings.ts';
import { describeUnknown } from '../scheduling/flavor.ts';
import { listFlavors } from '../scheduling/flavor-store.ts';
import { loadEmpty } from '../scheduling/never-fits.ts';
import { LOCAL } from '../lib/host.ts';
import type { Pool } from '../scheduling/pool.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import type { WorkloadDeps } from '../workloads/workload-reconciler.ts';
import { eraseFiles } from './application-files.ts';
import { certificateSettings } from './certificate-keeper.ts';
import { cleanups, listCleanups } from './cleanups.ts';
import { openMachineDevices } from '../devices/open-inventory.ts';
import { openEngines } from './open-engines.ts';
import type { OpenEngines } from './open-engines.ts';
import { openDataDirectory } from './data-directory.ts';
import { exposeDevices } from '../metrics/expose-devices.ts';
import type { Foundation } from './foundation.ts';
import { createSubjects } from './create-subjects.ts';
import { proveHealth } from '../workloads/prove-health.ts';
import { openBuilder } from './open-builder.ts';
import { createReconcilers } from './reconcilers.ts';
import { beginTerm } from './term.ts';

export { UnusableCertificate } from '../certificates/certificate.ts';
export { CannotStart } from '../lib/cannot-start.ts';

const VERSION = '0.1.0';

type Addresses = {
  url: string;
  sshUrl: string;
  httpPort: number;
  httpsPort: number;
  sshPort: number;
};

export type ControlPlane = {
  addresses: Addresses;
  /** What clients are to trust; undefined where the certificate was brought. */
  authority: Authority | undefined;
  /** Printed once, at the first start; undefined where the platform has its first user. */
  claimToken: string | undefined;
  isolated: boolean;
  warnings: readonly string[];
  /** Ends the control plane in order; applications and the router go on. */
  stop(): Promise<void>;
};

/** Starts the control plane: looks at what there is, compares, carries on. Throws `CannotStart`. */
export async function startControlPlane(config: Config, log: Log): Promise<ControlPlane> {
  const clock = systemClock;
  process.umask(0o077);
  const paths = openDataDirectory(config.dataDirectory);
  const { database, leadership } = await openState(config, paths, clock);
  const certificate = await openCertificate(certificateSettings(config, paths), clock());
  const { authority } = certificate;
  const stopping = new AbortController();
  const engines = await openEngines(config, { directory: paths.engine, clock, log });
  const { isolated } = engines;
  const devices = await openMachineDevices(config, { database, clock });
  const { inventory } = devices;
  const git = await warnOfGit(paths.hooks);
  const pool = openPool(config, engines);
  const unknown = describeUnknown(config.flavorDevices, await listFlavors(database.read));
  const warnings = [...engines.warnings, ...devices.warnings, ...unknown, ...git];
  const keyring = openKeyring(paths.keys);
  const router = await openRouter({
    settings: { ...routerSettings(config, paths, engines.machine), certificate },
    clock,
    log,
    signal: stopping.signal,
  });
  const parts = { config, paths, clock, log, database, keyring, engines, router, pool, inventory };
  const foundation: Foundation = { ...parts, authority };

  let addresses = addressesOf(config, { ...router.ports, ssh: config.sshPort });
  const context = createContext(foundation, () => addresses);
  const app = buildApp(context);
  const ended = await keepLeading(leadership, {
    become: () => becomeLeader(database, paths.leader, AbortSignal.timeout(LEADER_WITHIN)),
    begin: (term) => startLoop(foundation, { context, term, signal: stopping.signal }),
    log,
    signal: stopping.signal,
  });
  await listen(app, paths);
  const ssh = await openSsh(foundation, context.gitLimits, () => addresses.sshUrl);
  addresses = addressesOf(config, { ...router.ports, ssh: ssh.port });
  const claimToken = await newClaimToken({ database, clock });
  await writeState(paths, addresses, authority);
  return {
    addresses,
    authority,
    claimToken,
    isolated,
    warnings,
    stop: async () => {
      await app.close();
      await closeSsh(ssh);
      stopping.abort();
      for (const engine of engines.all) engine.close();
      await ended();
      await rm(paths.controlState, { force: true });
      await database.close();
    },
  };
}

/** The operator's socket comes first: who finds the router's finds the other too. */
async function listen(app: ReturnType<typeof buildApp>, paths: DataPaths): Promise<void> {
  const { operatorSocket, controlSocket } = paths;
  for (const path of [operatorSocket, controlSocket]) await rm(path, { force: true });
  await app.ready();
  await listenForOperators(app, operatorSocket);
  await app.listen({ path: controlSocket });
  for (const path of [operatorSocket, controlSocket]) await chmod(path, 0o600);
}

const openPool = (
  { memoryReserveMiB, flavorDevices }: Config,
  { machine: { memoryMiB } }: Pick<OpenEngines, 'machine'>,
): Pool => ({
  hosts: [
    {
      name: LOCAL,
      memoryMiB: Math.max(256, memoryMiB - memoryReserveMiB),
      cpus: availableParallelism(),
    },
  ],
  flavorDevices,
});

const openSsh = (
  { config, database, clock, paths, log, engines }: Foundation,
  gitLimits: GitLimits,
  address: () => string,
): Promise<SshServer> =>
  startSshServer(
    { database, clock, paths, log, gitLimits, engines: engines.of, address },
    { address: config.sshAddress, port: config.sshPort, keys: paths.keys },
  );

const LEADER_WITHIN = 10_000;

async function openState(config: Config, paths: DataPaths, clock: Clock) {
  const url = config.databaseUrl;
  const database = openDatabase(url === undefined ? { path: paths.database } : { url });
  await migrate(database, { now: clock(), file: paths.database });
  const leadership = await becomeLeader(database, paths.leader, AbortSignal.timeout(LEADER_WITHIN));
  if (leadership === undefined)
    throw new CannotStart(
      `Another control plane runs on ${paths.root}: end it with "grid down", or choose another --data-directory.`,
    );
  return { database, leadership };
}

const routerSettings = (
  config: Config,
  paths: DataPaths,
  { namespaces, python }: Machine,
): Omit<RouterSettings, 'certificate'> => ({
  version: VERSION,
  directory: paths.router,
  controlSocket: paths.controlSocket,
  address: config.httpAddress,
  ports: { http: config.httpPort, https: config.httpsPort },
  connectionsPerApplication: config.connectionsPerApplication,
  namespaces,
  python,
});

const addressesOf = (
  { domain }: Config,
  { http, https, ssh }: { http: number; https: number; ssh: number },
): Addresses => ({
  url: `https://${domain}${https === 443 ? '' : `:${https}`}`,
  sshUrl: `ssh://git@${domain}:${ssh}`,
  httpPort: http,
  httpsPort: https,
  sshPort: ssh,
});

/** Applications answer below it: browsers resolve `*.localhost`, and a certificate may name `*.grid.localhost`. */
const applicationDomainOf = ({ domain }: Config): string =>
  domain === 'localhost' ? 'grid.localhost' : domain;

function createContext(foundation: Foundation, addresses: () => Addresses): HttpContext {
  const { config, paths, database, clock, log, keyring, engines, pool, inventory } = foundation;
  const { isolated, exact } = engines;
  const applicationDomain = applicationDomainOf(config);
  return {
    ...createHttpState({ database, clock, keyring, log }),
    database,
    clock,
    log,
    keyring,
    paths,
    addresses,
    applicationDomain,
    inventory,
    pool,
    version: VERSION,
    authority: foundation.authority,
    exposed: async () => {
      const exposed = await exposeDevices(foundation);
      const connections = await exposeConnections(foundation.router);
      return { ...exposed, families: [...exposed.families, ...connections] };
    },
    isolated,
    severalOrganizations: (isolated && exact) || config.allowUnisolated,
    zone: 'grid',
    // the official command line asks for it where no zone is named
    zoneAliases: ['par'],
    platformHosts: [...new Set(['localhost', config.domain, applicationDomain])],
    domains: config.domains,
    readTxt: createTxtReader(),
    dns: () => ({ cname: config.domain, a: publicAddresses(config.httpAddress) }),
    empty: () => loadEmpty(database.read, { pool, devices: inventory.devices() }),
    findBuilt: (id, commit) => findBuilt(database.read, id, commit),
    engineChoice: engines.choice,
    createRepository: (id) => createRepository(paths, id),
    hasCommit: ({ applicationId, commitId }) =>
      hasCommit(paths, {
        applicationId: applicationId as ApplicationId,
        commitId,
      }),
  };
}

/** Where the machine is reached: the address that it listens on, or all of its own. */
const publicAddresses = (listensOn: string): string[] =>
  listensOn !== '0.0.0.0' && listensOn !== '::'
    ? [listensOn]
    : Object.values(networkInterfaces())
        .flatMap((one) => one ?? [])
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
        .map(({ address }) => address);

const CONCURRENCY = 32;

/** A term of the leader, until its answer is called. */
async function startLoop(
  foundation: Foundation,
  {
    context,
    term,
    signal: stopping,
  }: { context: HttpContext; term: Leadership; signal: AbortSignal },
): Promise<() => Promise<void>> {
  const signal = AbortSignal.any([stopping, term.lost]);
  const { database, clock, log, paths, keyring, engines } = foundation;
  const environments = createEnvironments(database, keyring);
  const say = ({ id, applicationId }: { id: string; applicationId: string }, line: string) =>
    appendLine(paths.logs(applicationId as ApplicationId, id), { line, clock });
  const sayOf: WorkloadDeps['say'] = ({ subjectId, applicationId }, line) =>
    say({ id: subjectId, applicationId: applicationId ?? subjectId }, line);
  const builder = openBuilder(foundation, say, signal);
  const subjects = createSubjects({ database, paths, builder, environments });
  const watching = { database, engines: engines.of, clock, subjects, say: sayOf };
  const health = proveHealth({ ...watching, log });
  const observer = { ...watching, health };
  const reconcilers = createReconcilers({
    ...foundation,
    observer,
    builder,
    environments,
    say,
    engineChoice: engines.choice,
    platformHosts: context.platformHosts,
    heads: (id) => readHeads(paths, id),
    eraseFiles: (application) => eraseFiles(foundation, application),
    cleanup: cleanups(foundation, observer),
  });
  const loop = await beginTerm({
    ...foundation,
    epoch: term.epoch,
    reconcilers,
    concurrency: CONCURRENCY,
    observer,
    engines: engines.all.map(({ engine }) => engine),
    cleanupNames: listCleanups(engines),
    signal,
  });
  signal.addEventListener('abort', () => health.stop(), { once: true });
  return () => loop.stop();
}

const writeState = (
  paths: DataPaths,
  addresses: Addresses,
  authority: Authority | undefined,
): Promise<void> =>
  writeFile(
    paths.controlState,
    JSON.stringify({
      pid: process.pid,
      version: VERSION,
      ...addresses,
      ...(authority && { caPath: authority.path, caFingerprint: authority.fingerprint }),
    }),
    {
      mode: 0o600,
    },
  );

const closeSsh = (ssh: SshServer): Promise<void> => ssh.close();
