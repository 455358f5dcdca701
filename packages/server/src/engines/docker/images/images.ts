import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Grown } from '../../../lib/count-growth.ts';
import { TooDeep } from '../../../lib/held-folder.ts';
import type { InstanceFiles } from '../../../workloads/engine.ts';
import { isMissing } from '../client.ts';
import type { Call } from '../client.ts';
import { createContainer, removeContainer, unless } from '../containers/containers.ts';
import { archiveFolder } from './context-archive.ts';
import { baseLayer } from '../machine-programs.ts';
import { LABEL, imageName, ofPlatform } from '../names.ts';
import { createSingleFlight } from '../single-flight.ts';
import type { ImageSweep } from '../../../workloads/engine.ts';
import type { DockerDeps } from '../docker-deps.ts';
import { basename } from 'node:path';

/**
 * Images of what builds made, in layers: an empty machine, then the application, which an instance may write to.
 * Installed dependencies are in none: they are mounted, since a layer of them costs many seconds.
 */
export function createImages(deps: DockerDeps) {
  const once = createSingleFlight<string, string>();
  const layer = (image: string, make: () => Promise<void>, signal: AbortSignal): Promise<string> =>
    once.run(image, async () => {
      if (!(await hasImage(deps, image, signal))) await make();
      return image;
    });
  const base = (signal: AbortSignal): Promise<string> => {
    const { digest, archive } = baseLayer(deps.user);
    const image = imageName('base', digest);
    return layer(image, () => importImage(deps, image, archive(), signal), signal);
  };
  return {
    base,
    /** The image that an instance of these files is created from. */
    async ensure(files: InstanceFiles, signal: AbortSignal): Promise<string> {
      const { application } = files;
      if (application.access === 'writable') return base(signal);
      const { source, mountedAt } = application;
      const image = imageName('application', basename(source));
      const make = async (): Promise<void> =>
        addLayer(deps, { from: await base(signal), image, source, at: mountedAt.slice(1) }, signal);
      return layer(image, make, signal);
    },
    /** Removes the images whose source is gone, of those that were there before `before` (epoch ms). */
    async sweep({ isKept, before }: ImageSweep, signal: AbortSignal): Promise<void> {
      const filters = JSON.stringify({ label: [ofPlatform(deps.platform)] });
      const call: Call = { path: '/images/json', query: { filters } };
      for (const { Id, Labels, Created } of await deps.client.ask<ListedImage[]>(call, signal)) {
        const source = Labels?.[LABEL.source];
        if (source === undefined || Created * 1000 >= before || isKept(source)) continue;
        await removeImage(deps, Id, signal);
      }
    },
  };
}

export type Images = ReturnType<typeof createImages>;

type ListedImage = {
  Id: string;
  Labels: Readonly<Record<string, string>> | null;
  /** Seconds. */
  Created: number;
};

const hasImage = async (
  { client }: DockerDeps,
  image: string,
  signal: AbortSignal,
): Promise<boolean> =>
  (await unless(isMissing, client.ask<object>({ path: `/images/${image}/json` }, signal))) !==
  undefined;

async function importImage(
  { client, platform }: DockerDeps,
  image: string,
  body: Readable,
  signal: AbortSignal,
): Promise<void> {
  const changes = `LABEL ${ofPlatform(platform)}`;
  const query = { fromSrc: '-', repo: image, changes };
  const answer = await client.open({ method: 'POST', path: '/images/create', query, body }, signal);
  const said = await text(answer);
  const { error } = JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as { error?: string };
  if (error !== undefined) throw new Error(error);
}

/** For trees of any size. */
const LAYER_WITHIN = 1800;

/** An image with one layer more: a folder of this machine. */
async function addLayer(
  deps: DockerDeps,
  { from, image, source, at }: { from: string; image: string; source: string; at: string },
  signal: AbortSignal,
): Promise<void> {
  const { client, platform, user } = deps;
  const labels = { [LABEL.platform]: platform, [LABEL.source]: source };
  const name = `clever-grid-layer-${platform}-${basename(source)}`;
  await removeContainer(client, name, signal);
  const body = { Image: from, Entrypoint: [], Cmd: ['/bin/true'], Labels: labels, HostConfig: {} };
  const id = await createContainer(client, { name, body }, signal);
  try {
    await putFolder(deps, { id, archive: archiveFolder(source, { prefix: at, ...user }) }, signal);
    const [repo, tag] = image.split(':');
    const commit = {
      method: 'POST',
      path: '/commit',
      body: {},
      withinSeconds: LAYER_WITHIN,
    } as const;
    await client.ask({ ...commit, query: { container: id, repo, tag, pause: false } }, signal);
  } finally {
    await removeContainer(client, id, deps.closing).catch(() => undefined);
  }
}

/** What no archive can be made of is the start's end; to the client the connection is broken. */
async function putFolder(
  { client }: DockerDeps,
  { id, archive }: { id: string; archive: Readable },
  signal: AbortSignal,
): Promise<void> {
  let broken: Error | undefined;
  archive.once('error', (error) => (broken = error));
  const put = { method: 'PUT', path: `/containers/${id}/archive`, query: { path: '/' } } as const;
  try {
    await client.ask({ ...put, body: archive, withinSeconds: LAYER_WITHIN }, signal);
  } catch (error) {
    throw broken instanceof Grown || broken instanceof TooDeep ? broken : error;
  }
}

/** One that a container still uses, or that others are made from, stays until the next time. */
const removeImage = (deps: DockerDeps, id: string, signal: AbortSignal): Promise<unknown> =>
  unless(
    (error) =>
      error instanceof Error && 'status' in error && [404, 409].includes(Number(error.status)),
    deps.client.ask({ method: 'DELETE', path: `/images/${id}` }, signal),
  );
