import { pipeline } from 'node:stream';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { DAY, SECOND } from '../../../lib/duration.ts';
import { isMissing, isThere } from '../client.ts';
import type { DockerClient } from '../client.ts';
import type { ContainerBody } from './describe-container.ts';
import { ofPlatform } from '../names.ts';
import { retryTransient } from '../retry-transient.ts';
import type { PlatformId } from '../names.ts';

/** What the engine says of a container, as far as it is looked at (`GET /containers/{id}/json`). */
export type Inspected = {
  Id: string;
  State: {
    Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
    ExitCode: number;
    OOMKilled: boolean;
    /** RFC 3339, with nanoseconds. */
    StartedAt: string;
    FinishedAt: string;
    Error?: string;
  };
  Config: { Labels: Readonly<Record<string, string>> | null };
  NetworkSettings: { Networks: Readonly<Record<string, { IPAddress: string }>> };
  SizeRw?: number;
  Mounts?: readonly { Type: string; Source: string }[] | null;
};

export type Listed = {
  Id: string;
  /** With a slash before each. */
  Names: readonly string[];
  State: Inspected['State']['Status'];
  Labels: Readonly<Record<string, string>>;
};

/** The container of that name: a new one, or the one that is there. */
export async function createContainer(
  client: DockerClient,
  { name, body }: { name: string; body: ContainerBody },
  signal: AbortSignal,
): Promise<string> {
  const call = { method: 'POST', path: '/containers/create', query: { name }, body } as const;
  try {
    return (await client.ask<{ Id: string }>(call, signal)).Id;
  } catch (error) {
    if (!isThere(error)) throw error;
    const found = await inspectContainer(client, name, signal);
    if (found === undefined) throw error;
    return found.Id;
  }
}

/** Starts one that was never started; one that runs, or has run, stays as it is. */
export const startContainer = (
  client: DockerClient,
  id: string,
  signal: AbortSignal,
): Promise<void> => retryTransient(() => startOnce(client, id, signal), signal);

async function startOnce(client: DockerClient, id: string, signal: AbortSignal): Promise<void> {
  const found = await inspectContainer(client, id, signal);
  if (found !== undefined && found.State.Status !== 'created') return;
  await unless(isThere, client.ask({ method: 'POST', path: `/containers/${id}/start` }, signal));
}

export const inspectContainer = (
  client: DockerClient,
  id: string,
  signal: AbortSignal,
  { size = false } = {},
): Promise<Inspected | undefined> =>
  unless(
    isMissing,
    client.ask<Inspected>(
      { path: `/containers/${id}/json`, query: { size: size || undefined } },
      signal,
    ),
  );

export const listContainers = (
  client: DockerClient,
  platform: PlatformId,
  signal: AbortSignal,
): Promise<Listed[]> =>
  client.ask(
    {
      path: '/containers/json',
      query: { all: true, filters: JSON.stringify({ label: [ofPlatform(platform)] }) },
    },
    signal,
  );

/** TERM, or what its image wants instead, and KILL after the grace; resolves when it is over. */
export const stopContainer = async (
  client: DockerClient,
  { id, graceSeconds }: { id: string; graceSeconds: number },
  signal: AbortSignal,
): Promise<void> => {
  const call = {
    method: 'POST',
    path: `/containers/${id}/stop`,
    query: { t: graceSeconds },
    withinSeconds: graceSeconds + 60,
  } as const;
  await unless((error) => isThere(error) || isMissing(error), client.ask(call, signal));
};

export const removeContainer = async (
  client: DockerClient,
  id: string,
  signal: AbortSignal,
): Promise<void> => {
  const call = {
    method: 'DELETE',
    path: `/containers/${id}`,
    query: { force: true, v: true },
  } as const;
  await unless((error) => isThere(error) || isMissing(error), client.ask(call, signal));
};

/** Tells process 1 of a container that is being ended; one that is over is told nothing. */
export const signalContainer = async (
  client: DockerClient,
  { id, signalName }: { id: string; signalName: string },
  signal: AbortSignal,
): Promise<void> => {
  const query = { signal: signalName };
  const call = { method: 'POST', path: `/containers/${id}/kill`, query } as const;
  await unless((error) => isThere(error) || isMissing(error), client.ask(call, signal));
};

/** Resolves with its exit code when it is over; for one that was started. */
export const waitForContainer = async (
  client: DockerClient,
  id: string,
  signal: AbortSignal,
): Promise<number> => {
  const call = {
    method: 'POST',
    path: `/containers/${id}/wait`,
    withinSeconds: DAY / SECOND,
  } as const;
  return (await client.ask<{ StatusCode: number }>(call, signal)).StatusCode;
};

/** A small text file out of a container, also one that is over; undefined where there is none. */
export async function readFileOf(
  client: DockerClient,
  { id, path, most }: { id: string; path: string; most: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await unless(
    isMissing,
    client.open({ path: `/containers/${id}/archive`, query: { path } }, signal),
  );
  if (answer === undefined) return undefined;
  const entries = extract();
  // whoever reads the entries learns of an error of either
  pipeline(answer, entries, () => undefined);
  try {
    for await (const entry of entries)
      return entry.header.type === 'file' && (entry.header.size ?? 0) <= most
        ? await text(entry)
        : undefined;
    return undefined;
  } finally {
    answer.destroy();
  }
}

/** The answer, or undefined where the engine refuses for this reason. */
export async function unless<T>(
  expected: (error: unknown) => boolean,
  asked: Promise<T>,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (expected(error)) return undefined;
    throw error;
  }
}
