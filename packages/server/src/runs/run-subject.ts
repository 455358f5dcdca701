import { findDeploying } from '../applications/application-store.ts';
import type { Environments } from '../applications/environments.ts';
import type { Artifact } from '../builds/build.ts';
import { describeArtifact } from '../builds/describe-artifact.ts';
import { findArtifact } from '../builds/artifact-store.ts';
import { grantedTo } from '../devices/devices.ts';
import type { RunId } from '../lib/ids.ts';
import type { DataPaths } from '../paths.ts';
import { askForLook } from '../reconcile/looks.ts';
import type { Database } from '../store/database.ts';
import { commonSpec } from '../workloads/instance-spec.ts';
import type { Subject } from '../workloads/subject.ts';
import { describeNode } from './describe-node.ts';
import type { Run } from './run.ts';
import { findRunById } from './run-store.ts';
import { openVariables } from './run-variables.ts';

type Deps = { database: Database; paths: DataPaths; environments: Environments };

/** A run: the workloads of its attempts, whose instances are its nodes. */
export const runSubject = (deps: Deps): Subject => ({
  async describe(workload, instance) {
    const { run, artifact, application } = await load(deps, instance.subjectId as RunId);
    const devices = await grantedTo(deps.database.read, workload.id, instance.number);
    const variables = await openVariables(deps, run);
    const of = { workload, instance, devices, application };
    const deployment = { id: run.deploymentId, commitId: run.commitId };
    const started = { ...of, artifact, variables, deployment, port: undefined };
    const spec = describeArtifact(deps.paths, started);
    const node = await describeNode(deps, { run, workload, instance });
    return {
      ...commonSpec(deps.paths, of),
      ...spec,
      ...node.spec,
      environment: { ...spec.environment, ...node.environment },
      before: [...spec.before, ...node.before],
      files: { ...spec.files, shared: node.shared },
    };
  },
  changed: (tx, id, at) => askForLook(tx, 'run', id, at),
});

async function load({ database: { read } }: Deps, id: RunId) {
  const run = await findRunById(read, id);
  const application = run && (await findDeploying(read, run.applicationId));
  if (run === undefined || application === undefined) throw new Error(`there is no run ${id}`);
  const artifact = await findArtifact(read, run.artifactId);
  if (artifact === undefined) throw new Error(`run ${id} has no artifact`);
  return { run, application, artifact: withCommand(artifact, run) };
}

/** A run may have a command of its own, in place of the artifact's. */
function withCommand(artifact: Artifact, { command: name, argv: own }: Run): Artifact {
  const [program, ...rest] = own ?? [];
  if (program === undefined) return artifact;
  const argv = [program, ...rest] as const;
  const { command } = artifact.start;
  const given = 'image' in command ? { ...command, argv } : { name, argv };
  return { ...artifact, start: { ...artifact.start, command: given } };
}
