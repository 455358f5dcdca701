import type { Application as WireApplication } from '@grid/api';
import { MOST_NODES, findVariant } from '../../applications/application.ts';
import type { Application } from '../../applications/application.ts';
import { listDomains } from '../../applications/domain-store.ts';
import { formatDomain } from '../../applications/domain.ts';
import { loadEnvironment } from '../../applications/environment.ts';
import { findDeployedCommit } from '../../deployments/deploy-application.ts';
import { perHour } from '../../billing/price.ts';
import { chooseBuildFlavor, isMicroservice } from '../../scheduling/flavor.ts';
import { listFlavors } from '../../scheduling/flavor-store.ts';
import type { Keyring } from '../../lib/encryption.ts';
import type { Database } from '../../store/database.ts';
import type { Flavor } from '../../scheduling/flavor.ts';

/** A size, as clients know it; the price is in euros per hour. */
export const presentFlavor = (flavor: Flavor) => ({
  name: flavor.name,
  mem: flavor.memoryMiB,
  cpus: flavor.cpus,
  gpus: flavor.gpus,
  disk: flavor.diskMiB,
  price: perHour(flavor.microEurosPerDay),
  available: true,
  microservice: isMicroservice(flavor),
  machine_learning: flavor.gpus > 0,
});

const named = (name: string, flavors: readonly Flavor[]) => {
  const flavor = flavors.find((one) => one.name === name);
  if (flavor === undefined) throw new Error(`flavor ${name} is in the database and unknown`);
  return presentFlavor(flavor);
};

/** What it takes to present applications. */
export type Presenting = {
  database: Database;
  keyring: Keyring;
  addresses(): { url: string; sshUrl: string };
};

/** An application, as clients know it. */
export const presentApplication = async (
  presenting: Presenting,
  application: Application,
): Promise<WireApplication> =>
  presentWith(await listFlavors(presenting.database.read), presenting, application);

/** The same of several. */
export async function presentApplications(
  presenting: Presenting,
  applications: readonly Application[],
): Promise<WireApplication[]> {
  const flavors = await listFlavors(presenting.database.read);
  return Promise.all(applications.map((one) => presentWith(flavors, presenting, one)));
}

async function presentWith(
  flavors: readonly Flavor[],
  { database, keyring, addresses }: Presenting,
  application: Application,
): Promise<WireApplication> {
  const domains = await listDomains(database.read, application.id);
  const variables = await loadEnvironment(database.read, keyring, application.id);
  const { url, sshUrl } = addresses();
  const httpUrl = `${url}/git/${application.id}.git`;
  return {
    id: application.id,
    ownerId: application.ownerId,
    name: application.name,
    description: application.description,
    zone: application.zone,
    instance: presentInstance(application, flavors),
    deployment: {
      url: `${sshUrl}/${application.id}.git`,
      httpUrl,
      type: 'GIT',
      repoState: 'CREATED',
      shutdownable: false,
    },
    deployUrl: httpUrl,
    vhosts: domains.map((domain) => ({ fqdn: formatDomain(domain) })),
    creationDate: application.createdAt,
    ...presentOptions(application, flavors),
    commitId: await findDeployedCommit(database.read, application),
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    state: application.wanted === 'up' ? 'SHOULD_BE_UP' : 'SHOULD_BE_DOWN',
    branch: 'master',
    archived: false,
  };
}

const presentOptions = (application: Application, flavors: readonly Flavor[]) => ({
  homogeneous: !application.zeroDowntime,
  stickySessions: application.stickySessions,
  cancelOnPush: application.cancelOnPush,
  forceHttps: application.forceHttps ? ('ENABLED' as const) : ('DISABLED' as const),
  separateBuild: application.buildFlavor !== null,
  buildFlavor: presentFlavor(buildFlavorOf(application, flavors)),
});

/** What its builds have; where it says nothing, what they get on a machine that holds it. */
function buildFlavorOf({ buildFlavor }: Application, flavors: readonly Flavor[]) {
  const usual = chooseBuildFlavor(flavors, { memoryMiB: Infinity });
  return flavors.find(({ name }) => name === buildFlavor) ?? usual;
}

function presentInstance(
  application: Application,
  flavors: readonly Flavor[],
): WireApplication['instance'] {
  const variant = findVariant(application.variant);
  return {
    type: variant?.type ?? '',
    version: variant?.version ?? '',
    variant: {
      id: variant?.id ?? '',
      slug: application.variant,
      name: variant?.name ?? '',
      deployType: variant?.deployType ?? '',
    },
    minInstances: application.nodes,
    maxInstances: application.maxNodes,
    maxAllowedInstances: MOST_NODES,
    minFlavor: named(application.flavor, flavors),
    maxFlavor: named(application.maxFlavor, flavors),
    flavors: flavors.map(presentFlavor),
    defaultEnv: variant?.presets[application.kind] ?? {},
    lifetime: application.kind === 'runner' ? 'TASK' : 'REGULAR',
  };
}
