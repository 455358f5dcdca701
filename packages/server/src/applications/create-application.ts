import type { Actor } from '../events/actor.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import type { Keyring } from '../lib/encryption.ts';
import { parseName, parseText } from '../lib/name.ts';
import { Refusal } from '../lib/refusal.ts';
import { requireNoMore, requireRoom } from '../limits/require-room.ts';
import { requireShare } from '../limits/require-share.ts';
import { canonicalName, chooseDefaultFlavor } from '../scheduling/flavor.ts';
import { refuseWhatNeverFits } from '../scheduling/never-fits.ts';
import type { EmptyPlatform } from '../scheduling/never-fits.ts';
import type { Database, Tx } from '../store/database.ts';
import type { NewRow } from '../store/schema.ts';
import { missingFor } from '../workloads/choose-engine.ts';
import type { EngineChoice } from '../workloads/choose-engine.ts';
import { findVariant, isOffered, variants } from './application.ts';
import type { Variant } from './application.ts';
import { recordApplicationEvent } from './application-event.ts';
import { countApplications, insertApplication } from './application-store.ts';
import { defaultDomain } from './domain.ts';
import { insertDomain } from './domain-store.ts';
import { setVariablesIn } from './environment.ts';
import { requireFlavors, parseSize } from './size.ts';
import type { Size } from './size.ts';

export type CreateDeps = {
  database: Database;
  clock: Clock;
  keyring: Keyring;
  engineChoice: EngineChoice;
  /** The zone that applications live in, and the other names that clients may give it. */
  zone: string;
  zoneAliases: readonly string[];
  /** Applications answer below it. */
  applicationDomain: string;
  /** The platform when it is empty, and what of its sizes it can hold then. */
  empty(): Promise<EmptyPlatform>;
  /** Makes the bare repository; making it twice is fine. */
  createRepository(id: ApplicationId): Promise<void>;
};

export type NewApplication = {
  ownerId: OwnerId;
  by: Actor;
  name: string;
  description?: string | undefined;
  variant: string;
  kind?: 'runner' | 'webapp' | undefined;
  zone?: string | undefined;
  flavor?: string | undefined;
  maxFlavor?: string | undefined;
  buildFlavor?: string | null | undefined;
  nodes?: number | undefined;
  maxNodes?: number | undefined;
  environment: Readonly<Record<string, string>>;
  zeroDowntime?: boolean | undefined;
  stickySessions?: boolean | undefined;
  cancelOnPush?: boolean | undefined;
  forceHttps?: boolean | undefined;
};

/** A new application with its repository, its default domain, and the variables that its tile brings. */
export async function createApplication(
  deps: CreateDeps,
  order: NewApplication,
): Promise<ApplicationId> {
  const variant = offeredVariant(deps, order.variant);
  refuseOtherZones(deps, order.zone);
  const empty = await deps.empty();
  const application = describe(deps, order, { variant, empty });
  refuseWhatNeverFits(empty, application);
  if (typeof application.buildFlavor === 'string')
    refuseWhatNeverFits(empty, { flavor: application.buildFlavor, nodes: 1 });
  await deps.database.transaction(async (tx) => {
    await requireFlavors(tx, application);
    await requirePlace(tx, application);
    await insertApplication(tx, application);
    const values = { ...variant.presets[application.kind], ...order.environment };
    await setVariablesIn(tx, deps.keyring, {
      table: 'environmentValues',
      id: application.id,
      values,
      at: deps.clock(),
    });
    if (application.kind === 'webapp')
      await insertDomain(tx, {
        applicationId: application.id,
        host: defaultDomain(application.id, deps.applicationDomain),
        pathPrefix: '/',
        createdAt: deps.clock(),
      });
    await recordApplicationEvent(tx, application, {
      kind: 'application.created',
      by: order.by,
      at: deps.clock(),
      data: { name: application.name },
    });
  });
  // a push makes it too: whoever is refused, or meets a platform that ends just now, leaves none behind
  await deps.createRepository(application.id);
  return application.id;
}

async function requirePlace(tx: Tx, application: NewRow<'applications'>) {
  const { ownerId: of, maxNodes } = application;
  await requireRoom(tx, 'applications', { of, count: () => countApplications(tx, of) });
  await requireNoMore(tx, 'nodes', { of, adding: maxNodes });
  await requireShare(tx, of, application);
}

function offeredVariant({ engineChoice }: CreateDeps, slug: string): Variant {
  const variant = findVariant(slug);
  if (variant !== undefined && isOffered(variant, engineChoice)) return variant;
  const offered = variants.filter((one) => isOffered(one, engineChoice)).map((one) => one.slug);
  const why =
    variant === undefined
      ? `There is no application type ${JSON.stringify(slug)} here.`
      : `This platform has no ${missingFor(engineChoice, variant.runtime)?.title}: its operator can start one (grid doctor).`;
  throw new Refusal('invalid', why, { type: `must be one of ${offered.join(', ')}` });
}

function refuseOtherZones({ zone, zoneAliases }: CreateDeps, asked: string | undefined): void {
  if (asked === undefined || asked === zone || zoneAliases.includes(asked)) return;
  throw new Refusal('invalid', `There is no zone ${JSON.stringify(asked)} here.`, {
    zone: `must be ${[zone, ...zoneAliases].join(' or ')}`,
  });
}

function defaultSize({ flavors, fits }: EmptyPlatform): Size {
  const { name } = chooseDefaultFlavor(flavors, (flavor) => fits(flavor, 1));
  return { flavor: name, maxFlavor: name, nodes: 1, maxNodes: 1 };
}

const describe = (
  deps: CreateDeps,
  order: NewApplication,
  { variant, empty }: { variant: Variant; empty: EmptyPlatform },
): NewRow<'applications'> => ({
  id: newId('application'),
  ownerId: order.ownerId,
  name: parseName('name', order.name),
  description: parseText('description', order.description ?? ''),
  zone: deps.zone,
  variant: variant.slug,
  kind: order.kind ?? variant.kind,
  ...parseSize(order, defaultSize(empty), empty.flavors),
  buildFlavor: order.buildFlavor ? canonicalName(order.buildFlavor) : null,
  zeroDowntime: order.zeroDowntime ?? true,
  stickySessions: order.stickySessions ?? false,
  cancelOnPush: order.cancelOnPush ?? false,
  forceHttps: order.forceHttps ?? false,
  wanted: 'down',
  createdAt: deps.clock(),
});
