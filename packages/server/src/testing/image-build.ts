import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildImage } from '../engines/docker/images/build-image.ts';
import type { BuildOrder } from '../engines/docker/images/build-image.ts';
import type { DockerClient } from '../engines/docker/client.ts';
import { createBuildKitHold } from '../engines/docker/images/hold-buildkit.ts';
import { createPrivateImages } from '../engines/docker/images/private-images.ts';
import { newId } from '../lib/ids.ts';
import { openBusybox } from './docker.ts';

export type Builder = 'buildkit' | 'classic';
export const builders: readonly Builder[] = ['buildkit', 'classic'];

/** An order to build an image, and what was heard of it. */
export type BuildSite = {
  client: DockerClient;
  order: BuildOrder;
  said: string[];
  printed: { stream: string; text: string }[];
  output(): string;
};

/** An engine, a folder with these files, and the order to build it; what is made is removed at the end. */
export async function openBuild(
  t: TestContext,
  builder: Builder,
  files: Record<string, string>,
): Promise<BuildSite | undefined> {
  const docker = await openBusybox(t);
  if (docker === undefined) return undefined;
  const { client } = docker;
  const context = mkdtempSync(join(tmpdir(), 'context-'));
  const image = `grid-test-${randomBytes(6).toString('hex')}`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    writeFileSync(join(context, path), text);
  }
  t.after(async () => {
    rmSync(context, { recursive: true });
    rmSync(`${context}.json`, { force: true });
    await removeImage(client, image);
  });
  const said: string[] = [];
  const printed: { stream: string; text: string }[] = [];
  const order: BuildOrder = {
    makes: {
      image,
      dockerfile: 'Dockerfile',
      builder,
      login: undefined,
      withinSeconds: 60,
      afresh: false,
    },
    context,
    arguments: {},
    labels: { 'grid.test': 'yes' },
    memoryMiB: 64,
    cpus: 1,
    network: 'none',
    diskMiB: 10_000,
    holdBuildKit: createBuildKitHold(),
    privateImages: createPrivateImages(`${context}.json`),
    ownerId: newId('organization'),
    say: (line) => void said.push(line),
    print: (stream, text) => void printed.push({ stream, text }),
  };
  const output = (): string => printed.map(({ text }) => text).join('');
  return { client, order, said, printed, output };
}

/** Gone, or not there. */
export async function removeImage(client: DockerClient, image: string): Promise<void> {
  const path = `/images/${image}`;
  await client
    .ask({ method: 'DELETE', path, query: { force: true } }, never())
    .catch(() => undefined);
}

export const never = (): AbortSignal => new AbortController().signal;

export const withMakes = (order: BuildOrder, makes: Partial<BuildOrder['makes']>): BuildOrder => ({
  ...order,
  makes: { ...order.makes, ...makes },
});

/** Why there is no image. */
export async function failureOf({ client, order }: BuildSite) {
  const built = await buildImage(client, order, never());
  assert.ok(!built.ok);
  return built;
}
