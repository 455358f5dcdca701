import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { ImageBuild } from '../../../workloads/engine.ts';
import type { DockerClient } from '../client.ts';
import type { Say } from './pull-images.ts';

export type Builder = ImageBuild['makes']['builder'];

/** BuildKit, where it is wanted and the engine has it: each Docker from 18.09 on unless told otherwise. */
export async function chooseBuilder(
  client: DockerClient,
  { wanted, say }: { wanted: Builder; say: Say },
  signal: AbortSignal,
): Promise<Builder> {
  if (wanted === 'classic') return 'classic';
  const answer = await client.open({ path: '/_ping' }, signal);
  answer.resume();
  if (hasBuildKit(answer.headers)) return 'buildkit';
  say('This engine has no BuildKit: its own builder builds.');
  return 'classic';
}

/** Podman names itself in its headers. Docker says 1 where BuildKit is off, and before 23 nothing else. */
export const hasBuildKit = (headers: IncomingMessage['headers']): boolean =>
  headers['libpod-api-version'] === undefined && headers['builder-version'] !== '1';

const Version = z.object({ Os: z.string(), Arch: z.string(), Version: z.string() });

/** Docker's BuildKit knows here-documents by itself from then on. */
const HERE_DOCUMENTS_SINCE = 23;

/** What BuildKit knows of the platform without being told, and whether it knows here-documents. */
export async function askEngine(client: DockerClient, signal: AbortSignal) {
  const {
    Os,
    Arch,
    Version: version,
  } = Version.parse(await client.ask({ path: '/version' }, signal));
  const hereDocuments = Number.parseInt(version, 10) >= HERE_DOCUMENTS_SINCE;
  return { platform: platformOf(`${Os}/${Arch}`, Os, Arch), hereDocuments };
}

function platformOf(platform: string, Os: string, Arch: string) {
  return {
    TARGETPLATFORM: platform,
    TARGETOS: Os,
    TARGETARCH: Arch,
    BUILDPLATFORM: platform,
    BUILDOS: Os,
    BUILDARCH: Arch,
  };
}
