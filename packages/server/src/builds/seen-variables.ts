import type { BuildInput } from './build.ts';
import type { Plan } from './plan-build.ts';
import { buildVariables } from './platform-variables.ts';
import type { Variables } from './recipe.ts';

type Subject = Pick<
  BuildInput,
  'applicationId' | 'applicationName' | 'ownerId' | 'kind' | 'environment'
>;

/** Which deployment and commit are told. */
type Told = { deploymentId: string; commitId: string };

/** Another one is told to each build, and each is told the one that builds: no key has it. */
const NO_DEPLOYMENT = { deploymentId: '' };

/** What the commands of a build see; `programs` is what its toolchain gives them. */
export const seenByCommands = (
  input: Subject & Told,
  { unseen }: Pick<Plan, 'unseen'>,
  programs: Variables = {},
): Variables =>
  told(
    {
      ...input,
      environment: Object.fromEntries(
        Object.entries(input.environment).filter(([name]) => !unseen.includes(name)),
      ),
    },
    programs,
  );

/** What an image is built with: all variables, of which it sees those that it asks for. */
export const seenByImage = (input: Subject & Told, programs: Variables = {}): Variables =>
  told(input, programs);

const told = (input: Subject & Told, programs: Variables): Variables =>
  buildVariables({
    programs,
    user: input.environment,
    application: { ...input, id: input.applicationId, name: input.applicationName },
    deployment: { id: input.deploymentId, commitId: input.commitId },
  });

/** What of it may make something else of one commit, in one form. */
export const decidingOn = (
  input: Subject & Pick<Told, 'commitId'>,
  plan: Pick<Plan, 'unseen'>,
): string => write(seenByCommands({ ...input, ...NO_DEPLOYMENT }, plan));

/** The same for what every commit of the application may have. */
export const decidingAlways = (input: Subject, plan: Pick<Plan, 'unseen'>): string =>
  decidingOn({ ...input, commitId: '' }, plan);

/** What an image sees of the variables that are named, all where none are. */
export function decidingOnImage(
  input: Subject & Pick<Told, 'commitId'>,
  names: readonly string[] | undefined,
): string {
  const all = seenByImage({ ...input, ...NO_DEPLOYMENT });
  const seen = names?.filter((name) => all[name] !== undefined) ?? Object.keys(all);
  return write(Object.fromEntries(seen.map((name) => [name, all[name] ?? ''])));
}

/** In one form, whatever the order. */
export const write = (variables: Variables): string =>
  JSON.stringify(Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1)));
