import type { GrantedDevice } from '../devices/device.ts';
import type { ApplicationId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import type { Command, InstanceSpec } from '../workloads/engine.ts';
import type { Instance, Workload } from '../workloads/workload.ts';
import type { Artifact, ArtifactStart } from './build.ts';
import { homeOf, instanceVariables, onHost, withoutHost } from './platform-variables.ts';
import { runHooks } from './run-hooks.ts';

type Started = {
  artifact: Artifact;
  /** The user's variables. */
  variables: Readonly<Record<string, string>>;
  application: { id: ApplicationId; name: string; ownerId: string; kind: 'runner' | 'webapp' };
  /** What it was built for. */
  deployment: { id: string; commitId: string };
  workload: Workload;
  instance: Instance;
  devices: readonly GrantedDevice[];
  /** What a Webapp serves. */
  port: number | undefined;
};

type ArtifactSpec = Pick<
  InstanceSpec,
  'workingDirectory' | 'environment' | 'before' | 'command' | 'after' | 'port' | 'masked' | 'files'
>;

/** What the engine is told of an instance that is started from an artifact. */
export function describeArtifact(paths: DataPaths, started: Started): ArtifactSpec {
  const { artifact, variables: user, application, workload, port } = started;
  const { start, dependenciesKey } = artifact;
  const home = homeOf(application.id);
  const variables = instanceVariables({
    ...started,
    user,
    start: start.environment,
    memoryMiB: workload.memoryMiB,
  });
  const isImage = 'image' in start.command;
  return {
    ...hooksOf(start, user),
    workingDirectory: start.folder === '' ? home : `${home}/${start.folder}`,
    environment: isImage ? withoutHost(variables, start.environment, user) : variables,
    command: start.command,
    port,
    masked: [],
    files: {
      application: {
        source: paths.artifact(artifact.id),
        mountedAt: home,
        access: 'throw-away',
      },
      environment:
        dependenciesKey === undefined
          ? undefined
          : { source: paths.dependencies(dependenciesKey), access: 'read-only' },
      cache: undefined,
      readOnly: start.readOnly,
    },
  };
}

/** Around a container's own command they run on the host, where its variables lead nowhere. */
function hooksOf(
  { command, prepare = [], environment }: ArtifactStart,
  user: Readonly<Record<string, string>>,
): Pick<InstanceSpec, 'before' | 'after'> {
  const { before, after } = runHooks(user);
  const all = [...prepare, ...before];
  if (!('image' in command)) return { before: all, after };
  const there = (one: Command): Command => onHost(one, environment);
  return {
    before: all.map(there),
    after: {
      ...(after.succeeded && { succeeded: there(after.succeeded) }),
      ...(after.failed && { failed: there(after.failed) }),
    },
  };
}
