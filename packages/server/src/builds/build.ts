import type { ApplicationId, DeploymentId, OwnerId } from '../lib/ids.ts';
import type { Command, ContainerCommand, InstanceFiles, Work } from '../workloads/engine.ts';
import { MINUTE } from '../lib/duration.ts';
import type { EndReason, SomeOf } from '../lib/reason.ts';

import type { ApplicationKind, Runtime } from './runtime.ts';

/** A step that takes longer is ended. */
export const STEP_WITHIN = 30 * MINUTE;

/** What a deployment gives to its build. */
export type BuildInput = {
  deploymentId: DeploymentId;
  applicationId: ApplicationId;
  applicationName: string;
  ownerId: OwnerId;
  commitId: string;
  kind: ApplicationKind;
  runtime: Runtime;
  /** The user's variables; the platform's are added by the build. */
  environment: Readonly<Record<string, string>>;
  /** False: an artifact of the same commit is not taken again, and dependencies are installed afresh. */
  useCache: boolean;
};

/** A part of a build that runs in a sandbox: an instance of the build workload. */
export type BuildStep = {
  /** Its place in the build; the instance's number. */
  number: number;
  name: string;
  before: readonly Command[];
  command: Work;
  files: InstanceFiles;
  workingDirectory: string;
  environment: Readonly<Record<string, string>>;
  masked: readonly string[];
};

/** How a step ended. */
export type StepOutcome = {
  number: number;
  succeeded: boolean;
  /** Why it is over, as the engine has it. */
  reason: EndReason | null;
  detail: string;
  exitCode: number | null;
};

/** Where a build stands after a look at its tree and the steps that are over. */
export type BuildProgress =
  | { next: 'run'; step: BuildStep }
  | { next: 'done'; artifact: Artifact }
  | { next: 'failed'; reason: BuildFailure; detail: string };

export type BuildFailure = SomeOf<
  | 'invalid_repository'
  | 'missing_start'
  | 'invalid_variable'
  | 'invalid_file'
  | 'missing_program'
  | 'missing_file'
  | 'not_executable'
  | 'hook_failed'
  | 'dependencies_failed'
  | 'build_failed'
  | 'build_timeout'
  | 'memory_limit'
  | 'disk_full'
  | 'process_limit'
  | 'start_failed'
>;

/** What a build makes: a sealed tree, its dependencies, and how it is started. Never changed after. */
export type Artifact = {
  /** sha256 of everything it was made from. */
  id: string;
  dependenciesKey: string | undefined;
  /** What was installed for it, whatever a hook made of a copy: the next builds take it. */
  installedKey: string | undefined;
  start: ArtifactStart;
};

/** How an instance of an artifact is started; kept as JSON in `artifacts.start`. */
export type ArtifactStart = {
  /** Below the tree: `APP_FOLDER`, or empty. */
  folder: string;
  /** Run before the hooks of each instance. */
  prepare?: readonly Command[];
  command: Command | ContainerCommand;
  /** The variable that says which port a Webapp serves, where one may. */
  portVariable?: string;
  /** Added to the application's environment (PATH with /opt/env/bin, VIRTUAL_ENV…). */
  environment: Readonly<Record<string, string>>;
  /** Interpreters outside /usr. */
  readOnly: readonly string[];
};

/** Makes artifacts out of commits, a step at a time. */
export type Builder = {
  /** Where the build stands; may be asked again at any point, also after a crash. */
  advance(
    input: BuildInput,
    done: readonly StepOutcome[],
    signal: AbortSignal,
  ): Promise<BuildProgress>;
  /** A step that was begun: the same each time it is asked, and nothing is changed by asking. */
  describe(input: BuildInput, number: number): Promise<BuildStep>;
  /** Throws away what a build that is over left behind. */
  discard(deploymentId: DeploymentId): Promise<void>;
};
