import type { ImageBuild, InstanceSpec } from '../engine.ts';
import { buildImage } from './build-image.ts';
import type { Built } from './build-image.ts';
import { pathOnMachine } from './describe-container.ts';
import { Ended } from './ended.ts';
import type { InstanceLogs } from './instance-logs.ts';
import { LABEL } from './names.ts';
import type { Networks } from './network.ts';
import type { Record } from './record.ts';
import type { Site } from './site.ts';

type Order = { spec: InstanceSpec; record: Record; build: ImageBuild; signal: AbortSignal };

/**
 * Makes an image, which is all that this instance does; throws how it ended. It is not seen before it is
 * over: whoever asks for it again, after a crash say, has it made again, out of the layers that are there.
 */
export async function makeImage(
  site: Site,
  { logs, networks }: { logs: InstanceLogs; networks: Networks },
  { spec, record, build, signal }: Order,
): Promise<never> {
  const network = await networks.ensure(spec.ownerId, signal);
  const log = logs.write(record);
  const order = {
    makes: { ...build.makes, builder: site.buildkit ? build.makes.builder : 'classic' },
    context: pathOnMachine(spec, spec.workingDirectory),
    arguments: spec.environment,
    labels: { [LABEL.platform]: site.platform, [LABEL.source]: build.makes.image },
    ...spec.limits,
    network,
    holdBuildKit: site.holdBuildKit,
    privateImages: site.privateImages,
    ownerId: spec.ownerId,
    say: (line: string): void => {
      log.say(line, site.clock());
      log.flush();
    },
    print: (stream: 'stdout' | 'stderr', text: string): void => {
      log.write(stream === 'stdout' ? 1 : 2, site.clock(), Buffer.from(text));
      log.flush();
    },
  } as const;
  let built: Built;
  try {
    built = await buildImage(site.client, order, signal);
  } catch (error) {
    log.leave();
    throw error;
  }
  log.close();
  throw endOf(built, build);
}

function endOf(built: Built, { name }: ImageBuild): Ended {
  if (built.ok) return new Ended({ reason: 'exited', exitCode: 0, step: name });
  const { reason, detail, exitCode } = built;
  return new Ended({ reason, detail, exitCode, step: name });
}
