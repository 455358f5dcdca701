import type { EngineChoice } from '../workloads/choose-engine.ts';
import type { Environments } from '../applications/environments.ts';
import type { RunRequestDeps } from '../runs/request-run.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Pool } from '../scheduling/pool.ts';
import type { CheckPassword } from '../accounts/check-password.ts';
import type { DomainDeps } from '../applications/change-domains.ts';
import type { CreateDeps } from '../applications/create-application.ts';
import type { Authority } from '../certificates/certificate.ts';
import type { GitLimits } from '../git/git-limits.ts';
import type { Clock } from '../lib/clock.ts';
import type { Keyring } from '../lib/encryption.ts';
import type { Log } from '../lib/log.ts';
import type { Rates } from '../limits/rates.ts';
import type { Seats } from '../limits/seats.ts';
import type { Followers } from '../logs/followers.ts';
import type { Exposed } from '../metrics/prometheus.ts';
import type { DataPaths } from '../paths.ts';
import type { Crowd } from './crowd.ts';
import type { Database } from '../store/database.ts';

/** Everything that routes need; built once by the control plane. */
export type HttpContext = {
  database: Database;
  clock: Clock;
  log: Log;
  keyring: Keyring;
  paths: DataPaths;
  version: string;
  /** Whom clients are to trust; undefined where the certificate was brought. */
  authority: Authority | undefined;
  /** Who reads which log just now. */
  followers: Followers;
  /** What connections of a user hold, and how fast they may create things. */
  seats: Seats;
  rates: Rates;
  /** What Prometheus is told besides what instances use. */
  exposed(): Promise<Exposed>;
  /** Whether instances are kept apart on this machine. */
  isolated: boolean;
  /** Whether several organizations may share it. */
  severalOrganizations: boolean;
  zone: string;
  zoneAliases: readonly string[];
  /** Addresses as users see them; the ports are known once everything listens. */
  addresses(): { url: string; sshUrl: string };
  platformHosts: readonly string[];
  /** Who may have which names. */
  domains: DomainDeps['domains'];
  readTxt: DomainDeps['readTxt'];
  /** What the records of domains should lead to. */
  dns(): { cname: string; a: string[] };
  applicationDomain: string;
  defaultFlavor: string;
  pool: Pool;
  inventory: Inventory;
  refuseWhatNeverFits: CreateDeps['refuseWhatNeverFits'];
  environments: Environments;
  findBuilt: RunRequestDeps['findBuilt'];
  /** What runs what is asked for. */
  engineChoice: EngineChoice;
  createRepository: CreateDeps['createRepository'];
  hasCommit(from: { applicationId: string; commitId: string }): Promise<boolean>;
  checkPassword: CheckPassword;
  /** What git is kept to, whoever it works for. */
  gitLimits: GitLimits;
  crowd: Crowd;
};
