import { z } from 'zod';
import type { OwnerId } from '../../../lib/ids.ts';
import type { RegistryLogin } from '../../../workloads/engine.ts';
import { DockerError, isMissing } from '../client.ts';
import type { DockerClient } from '../client.ts';
import type { Dialect, Dockerfile, NeededImage } from '../dockerfile/dockerfile.ts';
import { readTriggers } from '../dockerfile/dockerfile.ts';
import { canonicalName, isOurs } from './image-reference.ts';
import { LABEL } from '../names.ts';
import type { BuildFailure } from './build-failure.ts';
import type { PrivateImages } from './private-images.ts';
import { readMessages } from './read-messages.ts';
import { credentials, hostOf, pullHeaders, pullName } from './registry.ts';

export type Say = (line: string) => void;

export type Pull = {
  images: readonly NeededImage[];
  stages: Dockerfile['stages'];
  dialect: Dialect;
  dockerfile: string;
  login: RegistryLogin | undefined;
  say: Say;
  /** Also those that the engine has are asked for; one that is only here is taken as it is. */
  afresh: boolean;
  ownerId: OwnerId;
  privateImages: PrivateImages;
};

/** The login, if the registry takes it; where it does not, that is said, and the build goes on without. */
export async function logIn(
  client: DockerClient,
  { login, say }: Pick<Pull, 'login' | 'say'>,
  signal: AbortSignal,
): Promise<RegistryLogin | undefined> {
  if (login === undefined) return undefined;
  try {
    await client.ask({ method: 'POST', path: '/auth', body: credentials(login) }, signal);
    return login;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    const who = `${login.username} at ${hostOf(login.server)}`;
    say(`The login as ${who} failed, and the build goes on without it: ${error.message}`);
    return undefined;
  }
}

/**
 * Brings the images that a Dockerfile names and the engine has not: BuildKit would ask for them without
 * a login. Answers why it is over where one cannot be had, or may not be built on.
 */
export async function pullImages(
  client: DockerClient,
  pull: Pull,
  signal: AbortSignal,
): Promise<BuildFailure | undefined> {
  const needed = [...pull.images];
  // grows by what the triggers of images name
  for (const image of needed) {
    if (isOurs(image.name)) return notYours({ ...pull, image });
    const refused = await bringOne(client, { ...pull, image }, signal);
    if (refused !== undefined) return refused;
    const { images, failure } = await judge(client, { ...pull, image }, signal);
    if (failure !== undefined) return failure;
    needed.push(...images);
  }
  return undefined;
}

async function bringOne(
  client: DockerClient,
  pull: PullOne,
  signal: AbortSignal,
): Promise<BuildFailure | undefined> {
  const here = await lookAt(client, pull.image, signal);
  const usable = here !== undefined && (await pull.privateImages.mayUse(here.Id, pull.ownerId));
  if (usable && !pull.afresh) return undefined;
  const refused = await pullOne(client, pull, signal);
  if (refused === undefined) await notePulled(client, pull, signal);
  else if (usable) pull.say(`${pull.image.reference} is taken as it is here: ${refused}`);
  else return explainPull(pull, refused);
  return undefined;
}

/** What may not be built on, whatever it is called, and the images that its triggers bring. */
async function judge(
  client: DockerClient,
  pull: PullOne,
  signal: AbortSignal,
): Promise<{ images: readonly NeededImage[]; failure: BuildFailure | undefined }> {
  const { image, stages, dialect, dockerfile } = pull;
  const Config = (await lookAt(client, image, signal))?.Config;
  if (Config?.Labels?.[LABEL.platform] !== undefined)
    return { images: [], failure: notYours(pull) };
  if (image.use !== 'base') return { images: [], failure: undefined };
  const triggers = Config?.OnBuild ?? [];
  const { images, mistake } = readTriggers(triggers, { stages, line: image.line, dialect });
  if (mistake === undefined) return { images, failure: undefined };
  const detail = `${dockerfile}, line ${image.line}: ${image.reference}: ${mistake.detail}`;
  return { images, failure: invalid(detail) };
}

const notYours = ({ image, dockerfile }: PullOne): BuildFailure =>
  invalid(
    `${dockerfile}, line ${image.line}: ${image.reference} is the platform's own. Begin with an image of a registry.`,
  );

const Inspected = z.object({
  Id: z.string(),
  Config: z
    .object({
      Labels: z.record(z.string(), z.string()).nullish(),
      OnBuild: z.array(z.string()).nullish(),
    })
    .nullish(),
});

/** The image as the engine has it, or undefined where it has it not. */
async function lookAt(
  client: DockerClient,
  { name }: NeededImage,
  signal: AbortSignal,
): Promise<z.infer<typeof Inspected> | undefined> {
  try {
    const path = `/images/${canonicalName(name)}/json`;
    return Inspected.parse(await client.ask({ path }, signal));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What a login was sent for may be private; who has a login for it is known to may have it. */
async function notePulled(
  client: DockerClient,
  { image, login, ownerId, privateImages }: PullOne,
  signal: AbortSignal,
): Promise<void> {
  if (Object.keys(pullHeaders(image.name, login)).length === 0) return;
  const here = await lookAt(client, image, signal);
  if (here !== undefined) await privateImages.note(here.Id, ownerId);
}

type PullOne = Pull & { image: NeededImage };

const PullMessage = z.object({
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
});

/** What the engine says against it, or undefined when the image is there. */
async function pullOne(
  client: DockerClient,
  { image: { reference, name }, login, say }: PullOne,
  signal: AbortSignal,
): Promise<string | undefined> {
  say(`Pulling ${reference}`);
  const headers = pullHeaders(name, login);
  const query = pullName(name);
  try {
    const call = { method: 'POST', path: '/images/create', query, headers } as const;
    for await (const message of readMessages(await client.open(call, signal), signal)) {
      const { error, errorDetail } = PullMessage.parse(message);
      const refused = errorDetail?.message ?? error;
      if (refused !== undefined) return refused;
    }
  } catch (error) {
    if (error instanceof DockerError) return error.message;
    throw error;
  }
  say(`Pulled ${reference}`);
  return undefined;
}

/** The sentence for whoever wrote the line. */
export function explainPull(
  { image, dockerfile, login }: Pick<PullOne, 'image' | 'dockerfile' | 'login'>,
  refused: string,
): BuildFailure {
  const { reference, name, line, use } = image;
  const where = `${dockerfile}, line ${line}: the image ${reference}`;
  const registry = name.domain;
  const removable = use === 'syntax' ? ' The build does without the line in most cases.' : '';
  if (/unauthorized|denied|authentication required|no basic auth/i.test(refused)) {
    const advice =
      login !== undefined && hostOf(login.server) === registry
        ? `${login.username} may not have it at ${registry}`
        : `where it is private, set CC_DOCKER_LOGIN_USERNAME, CC_DOCKER_LOGIN_PASSWORD and CC_DOCKER_LOGIN_SERVER=${registry}`;
    return invalid(`${where} does not exist or needs a login: ${advice}.${removable} (${refused})`);
  }
  if (/not found|manifest unknown|name unknown|does not exist/i.test(refused))
    return invalid(`${where} is not found at ${registry}. (${refused})`);
  const detail = `${where} could not be pulled from ${registry}: ${refused}.${removable}`;
  return { ok: false, reason: 'exited', detail };
}

const invalid = (detail: string): BuildFailure => ({ ok: false, reason: 'invalid_file', detail });
