import { posix } from 'node:path';
import type { HeldFolder } from '../../../lib/held-folder.ts';
import { holdBeneath } from '../../../lib/resolve-beneath.ts';
import type { ImageBuild, InstanceSpec } from '../../../workloads/engine.ts';
import { buildImage } from './build-image.ts';
import type { Built } from './build-image.ts';
import { EarlyExit } from '../containers/early-exit.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import { LABEL } from '../names.ts';
import type { Networks } from '../networks/owner-networks.ts';
import type { InstanceRecord } from '../instance-record.ts';
import type { DockerDeps } from '../docker-deps.ts';

type Order = { spec: InstanceSpec; record: InstanceRecord; build: ImageBuild; signal: AbortSignal };

/**
 * Makes an image, which is all that this instance does; throws how it ended. It is not seen before it is
 * over: whoever asks for it again, after a crash say, has it made again, out of the layers that are there.
 */
export async function makeImage(
  deps: DockerDeps,
  { logs, networks }: { logs: InstanceLogs; networks: Networks },
  { spec, record, build, signal }: Order,
): Promise<never> {
  await using context = await holdContext(spec, build);
  const network = await networks.ensure(spec.ownerId, signal);
  const log = logs.write(record);
  const order = {
    makes: { ...build.makes, builder: deps.buildkit ? build.makes.builder : 'classic' },
    context: context.path,
    arguments: spec.environment,
    labels: { [LABEL.platform]: deps.platform, [LABEL.source]: build.makes.image },
    ...spec.limits,
    network,
    holdBuildKit: deps.holdBuildKit,
    privateImages: deps.privateImages,
    ownerId: spec.ownerId,
    say: (line: string): void => {
      log.say(line, deps.clock());
      log.flush();
    },
    print: (stream: 'stdout' | 'stderr', text: string): void => {
      log.write(stream === 'stdout' ? 1 : 2, deps.clock(), Buffer.from(text));
      log.flush();
    },
  } as const;
  let built: Built;
  try {
    built = await buildImage(deps.client, order, signal);
  } catch (error) {
    log.leave();
    throw error;
  }
  log.close();
  throw endOf(built, build);
}

/** What an image is made of is the application's folder of the tree, and nothing that a link leads to elsewhere. */
async function holdContext(
  { files: { application }, workingDirectory }: InstanceSpec,
  { name }: ImageBuild,
): Promise<HeldFolder> {
  const folder = posix.relative(application.mountedAt, workingDirectory);
  const held = await holdBeneath(application.source, folder);
  if (held !== undefined) return held;
  const detail = `invalid_file: ${folder} is no folder of the application, or leads out of it. Leave it where it is.`;
  throw new EarlyExit({ reason: 'invalid_file', detail, step: name });
}

function endOf(built: Built, { name }: ImageBuild): EarlyExit {
  if (built.ok) return new EarlyExit({ reason: 'exited', exitCode: 0, step: name });
  const { reason, detail, exitCode } = built;
  return new EarlyExit({ reason, detail, exitCode, step: name });
}
