import { createClient, deployments } from '@grid/api';
import type { Client, Deployment } from '@grid/api';
import { transportTo } from '../packages/cli/src/transport.ts';
import { openPlatform, until } from '../test/system/platform.ts';
import type { Platform } from '../test/system/platform.ts';
import { cleanUpAfter } from './clean-up.ts';

/** The program as shipped, on a data directory of its own, and a client of its API. */
export type Grid = { platform: Platform; client: Client };

/** Runs `use` with a platform, and ends all of it after. */
export const withGrid = <T>(
  use: (grid: Grid) => Promise<T>,
  settings: Record<string, string> = {},
): Promise<T> =>
  cleanUpAfter(async (later) => {
    const platform = await openPlatform(settings);
    later(() => platform.end());
    const transport = transportTo({ url: `http://localhost:${platform.port()}` });
    const client = createClient(transport, `Bearer ${platform.token}.${platform.secret}`);
    return use({ platform, client });
  });

/** Asks for a deployment of what was pushed last; its id, once it is accepted. */
export async function deploy({ platform, client }: Grid, applicationId: string): Promise<string> {
  const params = { ownerId: platform.organizationId, applicationId };
  return (await client.call(deployments.deploy, { params })).deploymentId;
}

const failed: readonly Deployment['state'][] = ['FAIL', 'CANCELLED'];

/** Resolves when the deployment has ended well. */
export async function whenDone(
  { platform, client }: Grid,
  applicationId: string,
  deployment: string,
): Promise<void> {
  const params = { ownerId: platform.organizationId, applicationId, deployment };
  await until(`${deployment} is over`, async () => {
    const { state, detail } = await client.call(deployments.getDeployment, { params });
    if (failed.includes(state)) throw new Error(`${deployment} failed: ${detail ?? state}`);
    return state === 'OK';
  });
}

/** An application with these files, pushed and brought live, or run, once. */
export async function pushFirst(
  { platform }: Grid,
  { type, files, env }: { type: string; files: Record<string, string>; env: string[] },
): Promise<{ id: string; folder: string }> {
  const folder = await platform.repository(files);
  const variables = [...env, 'CG_START_TIMEOUT=15'];
  const id = await platform.create(folder, { type, env: variables, args: ['--flavor', 'pico'] });
  const { code, out } = await platform.grid(['deploy'], { folder });
  if (code !== 0) throw new Error(`the application could not be deployed: …${out.slice(-1_000)}`);
  return { id, folder };
}
