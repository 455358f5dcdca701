import type { FindProgram, Finding } from '../../lib/finding.ts';
import type { Log } from '../../lib/log.ts';
import type { DataPaths } from '../../paths.ts';
import type { Recipe } from '../recipe.ts';
import type { ApplicationKind } from '../runtime.ts';
import type { Documented } from '../variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** All that differs between runtimes. */
export type RuntimeEntry = {
  /** As people know it. */
  title: string;
  /** What clients keep of the two types of application that it makes: fixed. */
  type: string;
  version: string;
  deployType: string;
  ids: Readonly<Record<ApplicationKind, string>>;
  /** Variables that a new application gets, by its kind. */
  presets: Readonly<Record<ApplicationKind, Readonly<Record<string, string>>>>;
  /** The port that a Webapp is to serve, in a sentence. */
  servesOn: string;
  /** What users can set, beside the variables of all runtimes. */
  variables: readonly Documented[];
  /** The recipe, with what this machine has for it. */
  open(machine: BuildMachine): Promise<Recipe>;
  /** What `grid doctor` says of it. */
  diagnose(environment: Environment, findProgram: FindProgram): Promise<readonly Finding[]>;
};

/** What recipes know of this machine, and of what its operator allows. */
export type BuildMachine = {
  paths: DataPaths;
  environment: Environment;
  log: Log;
  signal: AbortSignal;
  /** Whether applications may ask this machine's Docker engine for containers. */
  allowDockerSocket: boolean;
  /** Whether builds may have the credentials of this machine's mirrors and proxies. */
  shareCredentials: boolean;
};
