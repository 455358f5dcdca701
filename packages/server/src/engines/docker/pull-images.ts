import { z } from 'zod';
import type { RegistryLogin } from '../engine.ts';
import { DockerError, isMissing } from './client.ts';
import type { DockerClient } from './client.ts';
import type { ImageReference } from './dockerfile.ts';
import type { BuildFailure } from './build-failure.ts';
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
    const isThere = await isHere(client, image.reference, signal);
    if (isThere && !pull.afresh) continue;
    const refused = await pullOne(client, { ...pull, image }, signal);
    if (refused === undefined) continue;
    if (!isThere) return explainPull({ ...pull, image }, refused);
    pull.say(`${image.reference} is taken as it is here: ${refused}`);
  }
  return undefined;
}

async function isHere(client: DockerClient, reference: string, signal: AbortSignal) {
  try {
    await client.ask({ path: `/images/${reference}/json` }, signal);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
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
