import { createHash } from 'node:crypto';
import type { Artifact, BuildInput, BuildStep, Builder } from '../builds/build.ts';

/** How a commit is built: in so many steps, each an instance whose fate is the engine's. */
export type BuildPlan = { steps: number };

/** Builds nothing: a commit says how many steps it takes, and one that fails fails the build. */
export const simulatedBuilder = (planOf: (commitId: string) => BuildPlan): Builder => ({
  async advance(input, done) {
    const failed = done.find(({ succeeded }) => !succeeded);
    if (failed !== undefined)
      return { next: 'failed', reason: 'build_failed', detail: failed.detail };
    if (done.length < planOf(input.commitId).steps)
      return { next: 'run', step: stepOf(input, done.length) };
    return { next: 'done', artifact: artifactOf(input) };
  },
  describe: async (input, number) => stepOf(input, number),
  discard: async () => undefined,
});

const stepOf = ({ applicationId }: BuildInput, number: number): BuildStep => ({
  number,
  name: `step ${number}`,
  before: [],
  command: { name: `step ${number}`, argv: ['true'] },
  files: {
    application: {
      source: '/nowhere',
      mountedAt: `/home/bas/${applicationId}`,
      access: 'writable',
    },
    environment: undefined,
    cache: undefined,
    readOnly: [],
  },
  workingDirectory: `/home/bas/${applicationId}`,
  environment: {},
  masked: [],
});

const artifactOf = ({ applicationId, commitId }: BuildInput): Artifact => ({
  id: createHash('sha256').update(`${applicationId}/${commitId}`).digest('hex'),
  dependenciesKey: undefined,
  installedKey: undefined,
  start: {
    folder: '',
    command: { name: 'main', argv: ['main'] },
    environment: {},
    readOnly: [],
  },
});
