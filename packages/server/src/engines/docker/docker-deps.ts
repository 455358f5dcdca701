import type { Clock } from '../../lib/clock.ts';
import type { InstanceId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { BuildKitHold } from './images/hold-buildkit.ts';
import type { DockerClient } from './client.ts';
import type { User } from './machine-programs.ts';
import type { PlatformId } from './names.ts';
import type { PrivateImages } from './images/private-images.ts';
import type { InstanceRecords } from './instance-record.ts';

/** What the parts of the engine share. */
export type DockerDeps = {
  client: DockerClient;
  socketPath: string;
  platform: PlatformId;
  /** Where the engine keeps its records. */
  directory: string;
  records: InstanceRecords;
  /** Who programs of instances run as. */
  user: User;
  /** The machine's boot. */
  boot: string;
  clock: Clock;
  log: Log;
  allowedNetworks: readonly string[];
  /** Whether builds may be BuildKit's, whose steps share Docker's default bridge. */
  buildkit: boolean;
  allowSocket: boolean;
  holdBuildKit: BuildKitHold;
  privateImages: PrivateImages;
  /** When the engine was last lost sight of. */
  lostAt: number | undefined;
  /** Tells those who watch that an instance may have changed. */
  tell(id: InstanceId): void;
  /** Aborted when the control plane ends; what runs goes on. */
  closing: AbortSignal;
};
