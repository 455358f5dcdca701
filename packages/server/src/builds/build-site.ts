import type { Artifact, BuildInput } from './build.ts';
import type { Plan } from './plan-build.ts';

/** Everything about one build that does not change while it goes on. */
export type Site = {
  input: BuildInput;
  plan: Plan;
  treeId: string;
  key: string;
  /** The tree while steps work on it. */
  tree: string;
  /** Where dependencies are installed before they are sealed. */
  staging: string;
  /** The file that says what the artifact is, once that is decided. */
  decision: string;
  /** An artifact of the same inputs whose tree is taken instead of the commit's. */
  warm: Artifact | undefined;
};

/** `python` is the chosen one, with the dependencies where there are any. */
export function pythonVariables(plan: Plan, venv: string | undefined): Record<string, string> {
  const interpreter = plan.interpreter.folder;
  const system = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';
  return venv === undefined
    ? { PATH: `/home/bas/.local/bin:${interpreter}:${system}` }
    : { PATH: `${venv}/bin:/home/bas/.local/bin:${interpreter}:${system}`, VIRTUAL_ENV: venv };
}
