import { z } from 'zod';
import type { OwnerId } from '../../lib/ids.ts';
import type { RegistryLogin } from '../engine.ts';
import { DockerError, isMissing } from './client.ts';
import type { DockerClient } from './client.ts';
import type { ImageReference } from './dockerfile.ts';
import type { BuildFailure } from './build-failure.ts';
import type { PrivateImages } from './private-images.ts';
import { readMessages } from './read-messages.ts';
import { credentials, hostOf, pullHeaders, pullName, registryOf } from './registry.ts';

export type Say = (line: string) => void;

export type Pull = {
  images: readonly ImageReference[];
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
 * a login. Answers why it is over where one cannot be had.
 */
export async function pullImages(
  client: DockerClient,
  pull: Pull,
  signal: AbortSignal,
): Promise<BuildFailure | undefined> {
  for (const image of pull.images) {
    const here = await idOf(client, image.reference, signal);
    const usable = here !== undefined && (await pull.privateImages.mayUse(here, pull.ownerId));
    if (usable && !pull.afresh) continue;
    const refused = await pullOne(client, { ...pull, image }, signal);
    if (refused === undefined) {
      await notePulled(client, { ...pull, image }, signal);
      continue;
    }
    if (!usable) return explainPull({ ...pull, image }, refused);
    pull.say(`${image.reference} is taken as it is here: ${refused}`);
  }
  return undefined;
}

/** The image's id, or undefined where the engine has it not. */
async function idOf(
  client: DockerClient,
  reference: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await client.ask<{ Id: string }>({ path: `/images/${reference}/json` }, signal)).Id;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What a login was sent for may be private; who has a login for it is known to may have it. */
async function notePulled(
  client: DockerClient,
  { image: { reference }, login, ownerId, privateImages }: PullOne,
  signal: AbortSignal,
): Promise<void> {
  if (Object.keys(pullHeaders(reference, login)).length === 0) return;
  const id = await idOf(client, reference, signal);
  if (id !== undefined) await privateImages.note(id, ownerId);
}

type PullOne = Pull & { image: ImageReference };

const PullMessage = z.object({
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
});

/** What the engine says against it, or undefined when the image is there. */
async function pullOne(
  client: DockerClient,
  { image: { reference }, login, say }: PullOne,
  signal: AbortSignal,
): Promise<string | undefined> {
  say(`Pulling ${reference}`);
  const headers = pullHeaders(reference, login);
  const query = pullName(reference);
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
  const { reference, line, use } = image;
  const where = `${dockerfile}, line ${line}: the image ${reference}`;
  const registry = registryOf(reference);
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
