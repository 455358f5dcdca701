import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { canGuard } from '../networks/can-guard.ts';
import { describeEngine } from '../describe-engine.ts';
import { findClosedSocket, findDockerSocket, isUsable } from '../find-socket.ts';
import { isWanted } from '../open-docker.ts';
import type { DockerSettings } from '../docker-settings.ts';
import type { SeenDocker } from './docker-findings.ts';

type Settings = Pick<DockerSettings, 'engine' | 'dockerSocket' | 'dockerBuilder' | 'environment'>;

/** Looks for Docker as the platform does, and at what it is. */
export async function lookAtDocker(config: Settings): Promise<SeenDocker> {
  if (!isWanted(config)) return { is: 'unused', instead: config.engine };
  const { environment, dockerSocket } = config;
  const socketPath = dockerSocket ?? findDockerSocket(environment) ?? findClosedSocket(environment);
  if (socketPath === undefined) return { is: 'absent', installed: isInstalled(environment) };
  if (existsSync(socketPath) && !isUsable(socketPath))
    return { is: 'closed', socketPath, user: userInfo().username };
  return ask(socketPath, { classicOnly: config.dockerBuilder === 'classic' });
}

const isInstalled = (environment: Settings['environment']): boolean =>
  [...(environment['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin'].some((folder) =>
    existsSync(join(folder, 'dockerd')),
  );

const WITHIN = 10_000;

async function ask(
  socketPath: string,
  { classicOnly }: { classicOnly: boolean },
): Promise<SeenDocker> {
  try {
    const engine = await describeEngine(socketPath, AbortSignal.timeout(WITHIN));
    const disk = freeDisk(engine.dataFolder);
    const root = process.getuid?.() === 0;
    const toolkit = await readToolkit();
    const guarded = canGuard();
    return { is: 'there', socketPath, engine, disk, guarded, classicOnly, toolkit, root };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { is: 'silent', socketPath, why };
  }
}

function freeDisk(folder: string | undefined): { freeGiB: number; share: number } | undefined {
  if (folder === undefined || !existsSync(folder)) return undefined;
  const { bavail, bsize, blocks } = statfsSync(folder);
  return { freeGiB: (bavail * bsize) / 2 ** 30, share: bavail / blocks };
}

/** The version of NVIDIA's container toolkit, undefined where there is none. */
const readToolkit = (): Promise<string | undefined> =>
  promisify(execFile)('nvidia-ctk', ['--version'], { timeout: WITHIN }).then(
    ({ stdout }) => /version (\d[\d.]*)/.exec(stdout)?.[1],
    () => undefined,
  );
