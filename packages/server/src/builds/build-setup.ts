import type { Artifact, BuildInput } from './build.ts';
import type { Audience } from './keys.ts';
import type { Plan } from './plan-build.ts';
import { SYSTEM_PATH } from './platform-variables.ts';
import { SSH_VARIABLES } from './ssh-key.ts';

/** Everything about one build that does not change while it goes on. */
export type BuildSetup = {
  input: BuildInput;
  plan: Plan;
  treeId: string;
  /** What its image is called, where it has one. */
  image: string;
  /** Whether all that the commit refers to is in the tree, as far as it was fetched. */
  isWhole: boolean;
  /** The build's own folder, which no step sees whole. */
  checkout: string;
  /** The tree while steps work on it. */
  tree: string;
  /** Where dependencies are installed before they are sealed. */
  staging: string;
  /** Where steps add to a copy of them. */
  copy: string;
  /** The file that says which dependencies it has, once that is decided. */
  dependencies: string;
  /** The file that says what the artifact is, once that is decided. */
  decision: string;
  /** An artifact of the same inputs whose tree is taken instead of the commit's, and for whom it is. */
  warm: { artifact: Artifact; audience: Audience } | undefined;
};

/** What the toolchain gives to every program, and the dependencies where they are there. */
export function programVariables(
  { toolchain, dependencies, prepare }: Plan,
  { withDependencies }: { withDependencies: boolean },
): Record<string, string> {
  const provided = withDependencies ? dependencies?.provides : undefined;
  const path = [...(provided?.path ?? []), '/home/bas/.local/bin', ...toolchain.path, SYSTEM_PATH];
  const ssh = prepare.length > 0 ? SSH_VARIABLES : {};
  return { ...toolchain.variables, ...provided?.variables, ...ssh, PATH: path.join(':') };
}
