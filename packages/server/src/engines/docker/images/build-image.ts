import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { OwnerId } from '../../../lib/ids.ts';
import { Unavailable } from '../../../lib/unavailable.ts';
import type { ImageBuild, RegistryLogin } from '../../../workloads/engine.ts';
import { archiveContext, readInside } from './build-context.ts';
import { emptyFile, explainFailure } from './build-failure.ts';
import type { BuildFailure } from './build-failure.ts';
import { createBuildReader } from './build-output.ts';
import type { BuildError, Print } from './build-output.ts';
import { askEngine, chooseBuilder } from './choose-builder.ts';
import type { Builder } from './choose-builder.ts';
import type { BuildKitHold } from './hold-buildkit.ts';
import { DockerError, isMissing } from '../client.ts';
import type { DockerClient } from '../client.ts';
import { readDockerfile } from '../dockerfile/dockerfile.ts';
import { logIn, pullImages } from './pull-images.ts';
import type { Say } from './pull-images.ts';
import type { PrivateImages } from './private-images.ts';
import { readMessages } from './read-messages.ts';
import { buildHeaders } from './registry.ts';
import { watchDisk } from './watch-disk.ts';

export type BuildOrder = {
  makes: ImageBuild['makes'];
  /** The folder that is built, absolute, on this machine. */
  context: string;
  /** What ARG may take; of those that the Dockerfile does not declare the builders see nothing. */
  arguments: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** The classic builder holds its steps to them; BuildKit to the memory, where `holdBuildKit` can. */
  memoryMiB: number;
  cpus: number;
  network: string;
  /** How much of the engine's disk may go while it builds. */
  diskMiB: number;
  holdBuildKit: BuildKitHold;
  privateImages: PrivateImages;
  ownerId: OwnerId;
  say: Say;
  print: Print;
};

export type Built = { ok: true; imageId: string } | BuildFailure;

/**
 * Makes the image, or answers why there is none. An image that is called so already is the answer at
 * once. Throws `Unavailable` where the engine is away, and where the signal aborts; the engine then stops
 * what it builds.
 */
export async function buildImage(
  client: DockerClient,
  order: BuildOrder,
  signal: AbortSignal,
): Promise<Built> {
  const there = await conclude(client, order, signal);
  if (there !== undefined) return there;
  return withinLimits(client, order, signal);
}

/** Stops the build when its time or its disk is used up. */
async function withinLimits(
  client: DockerClient,
  order: BuildOrder,
  signal: AbortSignal,
): Promise<Built> {
  const { withinSeconds } = order.makes;
  const limit = new AbortController();
  const over = new AbortController();
  let failure: BuildFailure | undefined;
  const stop = (reason: 'timeout' | 'disk_full', detail: string): void => {
    failure ??= { ok: false, reason, detail };
    limit.abort();
  };
  const timer = setTimeout(
    () => stop('timeout', `The build was stopped: it took longer than ${withinSeconds} seconds.`),
    withinSeconds * 1_000,
  );
  const either = AbortSignal.any([signal, limit.signal]);
  try {
    const { DockerRootDir } = Info.parse(await client.ask({ path: '/info' }, either));
    const disk = { folder: DockerRootDir ?? '', diskMiB: order.diskMiB };
    await watchDisk(disk, (why) => stop('disk_full', why), over.signal);
    return await build(client, order, either);
  } catch (error) {
    if (failure === undefined || signal.aborted) throw error;
    return failure;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

const Info = z.object({
  DockerRootDir: z.string().optional(),
  CgroupDriver: z.string().optional(),
});

async function build(client: DockerClient, order: BuildOrder, signal: AbortSignal): Promise<Built> {
  const { makes, say } = order;
  const dockerfile = posix.normalize(makes.dockerfile);
  const text = await readInside(order.context, dockerfile);
  if (text === undefined)
    return invalid(
      `There is no file ${dockerfile}. Commit it, or name another one with CC_DOCKERFILE.`,
    );
  const builder = await chooseBuilder(client, { wanted: makes.builder, say }, signal);
  const { platform, hereDocuments } = await askEngine(client, signal);
  const dialect = { builder, hereDocuments };
  const read = readDockerfile(text, { ...platform, ...order.arguments }, dialect);
  if (read.stages.length === 0 && !/^\s*[a-z]/im.test(text)) return invalid(emptyFile(dockerfile));
  if (read.mistake !== undefined)
    return invalid(`${dockerfile}, line ${read.mistake.line}: ${read.mistake.detail}`);
  const login = await logIn(client, { login: makes.login, say }, signal);
  const pull = { ...order, ...read, dialect, dockerfile, login, afresh: makes.afresh };
  const refused = await pullImages(client, pull, signal);
  if (refused !== undefined) return refused;
  const work = { ...order, builder, dockerfile, text: read.text, login };
  const failed = await runBuilder(client, work, signal);
  if (failed !== undefined) return failed;
  const made = await conclude(client, order, signal);
  if (made === undefined)
    throw new Unavailable('The Docker engine ended a build without an image.');
  return made;
}

type Work = BuildOrder & {
  builder: Builder;
  dockerfile: string;
  /** What the engine reads in the Dockerfile's place. */
  text: string;
  login: RegistryLogin | undefined;
};

const REMEMBERED = 4_096;

/** Sends the context and prints what comes back; undefined when the engine made its image. */
async function runBuilder(
  client: DockerClient,
  work: Work,
  signal: AbortSignal,
): Promise<BuildFailure | undefined> {
  let lastOutput = '';
  const read = createBuildReader((stream, text) => {
    lastOutput = (lastOutput + text).slice(-REMEMBERED);
    work.print(stream, text);
  });
  const release = await hold(client, work, signal);
  const letGo = (): void => void release?.();
  const error = await followBuild(client, work, { read, signal }).finally(letGo);
  if (error === undefined) return undefined;
  const isHeld = work.builder === 'classic' || release !== undefined;
  const memoryMiB = isHeld ? work.memoryMiB : undefined;
  return explainFailure({ ...error, dockerfile: work.dockerfile, lastOutput, memoryMiB });
}

/** Under systemd nobody knows where BuildKit's steps are. */
async function hold(client: DockerClient, work: Work, signal: AbortSignal) {
  if (work.builder === 'classic') return undefined;
  const { CgroupDriver } = Info.parse(await client.ask({ path: '/info' }, signal));
  return CgroupDriver === 'cgroupfs' ? work.holdBuildKit(work.memoryMiB) : undefined;
}

type Follow = { read: (message: unknown) => BuildError | undefined; signal: AbortSignal };

async function followBuild(
  client: DockerClient,
  work: Work,
  { read, signal }: Follow,
): Promise<BuildError | undefined> {
  const body = await archiveContext(work.context, { path: work.dockerfile, text: work.text });
  let unreadable: Error | undefined;
  body.once('error', (error) => (unreadable = signal.aborted ? undefined : error));
  try {
    const answer = await client.open(buildCall(work, body), signal);
    for await (const message of readMessages(answer, signal)) {
      const error = read(message);
      if (error !== undefined) return error;
    }
    return undefined;
  } catch (error) {
    if (error instanceof DockerError) return { message: error.message, code: undefined };
    if (unreadable === undefined || signal.aborted) throw error;
    const why = unreadable.message.replaceAll(`${work.context}/`, '');
    return { message: `The files could not be sent to the engine: ${why}`, code: undefined };
  } finally {
    body.destroy();
  }
}

const buildCall = (work: Work, body: Readable) => ({
  method: 'POST' as const,
  path: '/build',
  query: {
    t: work.makes.image,
    dockerfile: work.dockerfile,
    buildargs: JSON.stringify(argumentsOf(work)),
    labels: JSON.stringify(work.labels),
    rm: 1,
    nocache: work.makes.afresh || undefined,
    forcerm: 1,
    ...(work.builder === 'buildkit' ? { version: 2 } : { version: 1, ...classicLimits(work) }),
  },
  headers: work.builder === 'classic' ? buildHeaders(work.login) : {},
  body,
});

/**
 * What BuildKit itself would take for an order of the platform's is not the tenant's to say; each owner's
 * `RUN --mount=type=cache` is their own.
 */
const argumentsOf = ({ arguments: all, builder, ownerId }: Work): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('BUILDKIT_'))),
  ...(builder === 'buildkit' && { BUILDKIT_CACHE_MOUNT_NS: ownerId }),
});

const CPU_PERIOD = 100_000;

/** Without swap: what does not fit ends. */
const classicLimits = ({ memoryMiB, cpus, network }: Work) => ({
  memory: memoryMiB * 1024 ** 2,
  memswap: memoryMiB * 1024 ** 2,
  cpuperiod: CPU_PERIOD,
  cpuquota: Math.round(cpus * CPU_PERIOD),
  networkmode: network,
});

const Image = z.object({
  Id: z.string(),
  Config: z.object({
    Cmd: z.array(z.string()).nullish(),
    Entrypoint: z.array(z.string()).nullish(),
  }),
});

/** What the image is worth that is called as it was ordered, or undefined where there is none. */
async function conclude(
  client: DockerClient,
  { makes }: BuildOrder,
  signal: AbortSignal,
): Promise<Built | undefined> {
  try {
    const { Id, Config } = Image.parse(
      await client.ask({ path: `/images/${makes.image}/json` }, signal),
    );
    const starts = [...(Config.Cmd ?? []), ...(Config.Entrypoint ?? [])].length > 0;
    if (starts) return { ok: true, imageId: Id };
    await client.ask({ method: 'DELETE', path: `/images/${makes.image}` }, signal);
    return invalid(
      `The last stage of ${posix.normalize(makes.dockerfile)} has neither CMD nor ENTRYPOINT, so nothing would run. Add one, for instance: CMD ["./start"]`,
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const invalid = (detail: string): BuildFailure => ({ ok: false, reason: 'invalid_file', detail });
