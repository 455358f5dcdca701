import type { Command, ContainerCommand, InstanceSpec } from '../../../workloads/engine.ts';
import { createContainer, inspectContainer } from './containers.ts';
import { imageContainer, programContainer } from './describe-container.ts';
import { EarlyExit, exitOfStart } from './early-exit.ts';
import { prepareFiles, makeShared } from './prepare-files.ts';
import { runHook } from './run-hook.ts';
import { startHeard } from './start-heard.ts';
import type { Images } from '../images/images.ts';
import type { createLogChoice } from '../logs/log-driver.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import { makeImage } from '../images/make-image.ts';
import { socketFor } from './mount-socket.ts';
import { containerName, hookName } from '../names.ts';
import type { Hook } from '../names.ts';
import type { Networks } from '../networks/owner-networks.ts';
import { newRecord } from '../instance-record.ts';
import type { InstanceRecord } from '../instance-record.ts';
import { chooseRequests } from './request-devices.ts';
import type { DockerDeps } from '../docker-deps.ts';

export type Parts = {
  images: Images;
  networks: Networks;
  logs: InstanceLogs;
  chooseLog: ReturnType<typeof createLogChoice>;
  /** Looks after an instance that runs, until it is over. */
  attend(record: InstanceRecord): void;
};

/**
 * Starts an instance that was never started. Every step may be repeated, by whoever carries on after a
 * crash. What the engine refuses is the instance's end; an engine that is away is thrown on.
 */
export async function startInstance(
  deps: DockerDeps,
  parts: Parts,
  spec: InstanceSpec,
  signal: AbortSignal,
): Promise<void> {
  const { records, clock } = deps;
  const { instanceId } = spec;
  const kept = await records.read(instanceId);
  if (kept?.exit !== undefined) return;
  if (kept?.record.containerId !== undefined && (await wasStarted(deps, kept.record, signal)))
    return;
  const record = kept?.record ?? describeRecord(deps, spec);
  if (kept === undefined) await records.write(record);
  try {
    if (kept?.ending !== undefined) throw new EarlyExit(kept.ending);
    await begin(deps, parts, { spec, record, signal });
  } catch (error) {
    signal.throwIfAborted();
    const exit = exitOfStart(error, clock());
    parts.logs.close(record, []);
    await records.exit(instanceId, exit);
  }
  deps.tell(instanceId);
}

const wasStarted = async ({ client }: DockerDeps, record: InstanceRecord, signal: AbortSignal) => {
  const found = await inspectContainer(client, record.containerId ?? '', signal);
  return found === undefined || found.State.Status !== 'created';
};

const describeRecord = ({ boot, clock }: DockerDeps, spec: InstanceSpec): InstanceRecord => {
  const { command } = spec;
  const work = 'makes' in command ? 'image' : 'image' in command ? 'container' : 'programs';
  return newRecord(spec, { work, boot, at: clock() });
};

type Start = { spec: InstanceSpec; record: InstanceRecord; signal: AbortSignal };

async function begin(deps: DockerDeps, parts: Parts, start: Start): Promise<void> {
  const { command } = start.spec;
  if ('makes' in command) return makeImage(deps, parts, { ...start, build: command });
  if ('image' in command) return beginImage(deps, parts, { ...start, command });
  return beginPrograms(deps, parts, { ...start, command });
}

async function beginPrograms(
  deps: DockerDeps,
  parts: Parts,
  { spec, record, signal, command }: Start & { command: Command },
): Promise<void> {
  const given = await ready(deps, parts, spec, signal);
  const body = programContainer(spec, { ...spec, command }, { ...deps, ...given });
  await launch(deps, parts, { record, body, signal });
}

/** The files, the image and the network that programs of an instance need. */
async function ready(deps: DockerDeps, parts: Parts, spec: InstanceSpec, signal: AbortSignal) {
  await prepareFiles(spec, deps.user);
  const image = await parts.images.ensure(spec.files, signal);
  const network = await parts.networks.ensure(spec.ownerId, signal);
  const log = await parts.chooseLog(spec.logBudgetMiB, signal);
  const devices = await chooseRequests(deps.client, spec.devices, signal);
  return { image, network, log, devices };
}

async function beginImage(
  deps: DockerDeps,
  parts: Parts,
  start: Start & { command: ContainerCommand },
): Promise<void> {
  const { spec, record, signal, command } = start;
  const socket = socketFor(deps, command);
  const hooked = createHooks(deps, parts, start);
  await hooked.runBefore();
  await hooked.prepareAfter();
  await makeShared(spec.files);
  const network = await parts.networks.ensure(spec.ownerId, signal);
  const log = await parts.chooseLog(spec.logBudgetMiB, signal);
  const devices = await chooseRequests(deps.client, spec.devices, signal);
  const { image, argv } = command;
  const given = { ...deps, image, argv, network, log, socket, devices };
  await launch(deps, parts, { record, body: imageContainer(spec, given), signal });
}

async function launch(
  deps: DockerDeps,
  { attend, logs }: Parts,
  {
    record,
    body,
    signal,
  }: Pick<Start, 'record' | 'signal'> & { body: ReturnType<typeof imageContainer> },
): Promise<void> {
  const { client, records } = deps;
  const name = containerName(record.instanceId);
  const containerId = await createContainer(client, { name, body }, signal);
  const made = { ...record, containerId };
  await records.write(made);
  await startHeard(deps, logs, { record: made, id: containerId, signal });
  attend(made);
}

/** Hooks around a container of an image's: they see the application's files, in containers of their own. */
function createHooks(deps: DockerDeps, parts: Parts, { spec, record, signal }: Start) {
  const { instanceId, before, after } = spec;
  const create = async (hook: Hook, steps: Parameters<typeof programContainer>[1]) => {
    const given = await ready(deps, parts, spec, signal);
    const body = programContainer(spec, steps, { ...deps, ...given });
    return createContainer(deps.client, { name: hookName(instanceId, hook), body }, signal);
  };
  return {
    async runBefore(): Promise<void> {
      const command = before.at(-1);
      if (command === undefined) return;
      const id = await create('before', { before: before.slice(0, -1), command, after: {} });
      const code = await runHook(deps, parts.logs, { record, id, signal });
      if (code !== 0)
        throw new EarlyExit({ reason: 'before_failed', exitCode: code, step: command.name });
    },
    /** What is run by how the container ends is there before it starts: nobody knows how then. */
    async prepareAfter(): Promise<void> {
      for (const hook of ['succeeded', 'failed'] as const) {
        const command = after[hook];
        if (command !== undefined) await create(hook, { before: [], command, after: {} });
      }
    },
  };
}
