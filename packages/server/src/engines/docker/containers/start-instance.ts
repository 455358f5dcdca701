import type { Command, ContainerCommand, InstanceSpec } from '../../../workloads/engine.ts';
import { createContainer, inspectContainer, startContainer } from './containers.ts';
import { imageContainer, programContainer } from './describe-container.ts';
import { Ended, endOfStart } from './early-exit.ts';
import { giveFiles, makeShared } from './prepare-files.ts';
import { runHook } from './run-hook.ts';
import type { Images } from '../images/images.ts';
import type { createLogChoice } from '../logs/log-driver.ts';
import type { InstanceLogs } from '../logs/instance-logs.ts';
import { makeImage } from '../images/make-image.ts';
import { socketFor } from './mount-socket.ts';
import { containerName, hookName } from '../names.ts';
import type { Hook } from '../names.ts';
import type { Networks } from '../networks/owner-networks.ts';
import { newRecord } from '../instance-record.ts';
import type { Record } from '../instance-record.ts';
import { chooseRequests } from './request-devices.ts';
import type { Site } from '../docker-deps.ts';

export type Parts = {
  images: Images;
  networks: Networks;
  logs: InstanceLogs;
  chooseLog: ReturnType<typeof createLogChoice>;
  /** Looks after an instance that runs, until it is over. */
  attend(record: Record): void;
};

/**
 * Starts an instance that was never started. Every step may be repeated, by whoever carries on after a
 * crash. What the engine refuses is the instance's end; an engine that is away is thrown on.
 */
export async function startInstance(
  site: Site,
  parts: Parts,
  spec: InstanceSpec,
  signal: AbortSignal,
): Promise<void> {
  const { records, clock } = site;
  const { instanceId } = spec;
  const kept = await records.read(instanceId);
  if (kept?.exit !== undefined) return;
  if (kept?.record.containerId !== undefined && (await wasStarted(site, kept.record, signal)))
    return;
  const record = kept?.record ?? describeRecord(site, spec);
  if (kept === undefined) await records.write(record);
  try {
    if (kept?.ending !== undefined) throw new Ended(kept.ending);
    await begin(site, parts, { spec, record, signal });
  } catch (error) {
    signal.throwIfAborted();
    const exit = endOfStart(error, clock());
    parts.logs.close(record, []);
    await records.exit(instanceId, exit);
  }
  site.tell(instanceId);
}

const wasStarted = async ({ client }: Site, record: Record, signal: AbortSignal) => {
  const found = await inspectContainer(client, record.containerId ?? '', signal);
  return found === undefined || found.State.Status !== 'created';
};

const describeRecord = ({ boot, clock }: Site, spec: InstanceSpec): Record => {
  const { command } = spec;
  const work = 'makes' in command ? 'image' : 'image' in command ? 'container' : 'programs';
  return newRecord(spec, { work, boot, at: clock() });
};

type Start = { spec: InstanceSpec; record: Record; signal: AbortSignal };

async function begin(site: Site, parts: Parts, start: Start): Promise<void> {
  const { command } = start.spec;
  if ('makes' in command) return makeImage(site, parts, { ...start, build: command });
  if ('image' in command) return beginImage(site, parts, { ...start, command });
  return beginPrograms(site, parts, { ...start, command });
}

async function beginPrograms(
  site: Site,
  parts: Parts,
  { spec, record, signal, command }: Start & { command: Command },
): Promise<void> {
  const given = await ready(site, parts, spec, signal);
  const body = programContainer(spec, { ...spec, command }, { ...site, ...given });
  await launch(site, parts, { record, body, signal });
}

/** The files, the image and the network that programs of an instance need. */
async function ready(site: Site, parts: Parts, spec: InstanceSpec, signal: AbortSignal) {
  await giveFiles(spec, site.user);
  const image = await parts.images.ensure(spec.files, signal);
  const network = await parts.networks.ensure(spec.ownerId, signal);
  const log = await parts.chooseLog(spec.logBudgetMiB, signal);
  const devices = await chooseRequests(site.client, spec.devices, signal);
  return { image, network, log, devices };
}

async function beginImage(
  site: Site,
  parts: Parts,
  start: Start & { command: ContainerCommand },
): Promise<void> {
  const { spec, record, signal, command } = start;
  const socket = socketFor(site, command);
  const hooked = createHooks(site, parts, start);
  await hooked.runBefore();
  await hooked.prepareAfter();
  await makeShared(spec.files);
  const network = await parts.networks.ensure(spec.ownerId, signal);
  const log = await parts.chooseLog(spec.logBudgetMiB, signal);
  const devices = await chooseRequests(site.client, spec.devices, signal);
  const { image, argv } = command;
  const given = { ...site, image, argv, network, log, socket, devices };
  await launch(site, parts, { record, body: imageContainer(spec, given), signal });
}

async function launch(
  { client, records }: Site,
  { attend }: Parts,
  {
    record,
    body,
    signal,
  }: Pick<Start, 'record' | 'signal'> & { body: ReturnType<typeof imageContainer> },
): Promise<void> {
  const name = containerName(record.instanceId);
  const containerId = await createContainer(client, { name, body }, signal);
  const made = { ...record, containerId };
  await records.write(made);
  await startContainer(client, containerId, signal);
  attend(made);
}

/** Hooks around a container of an image's: they see the application's files, in containers of their own. */
function createHooks(site: Site, parts: Parts, { spec, record, signal }: Start) {
  const { instanceId, before, after } = spec;
  const create = async (hook: Hook, steps: Parameters<typeof programContainer>[1]) => {
    const given = await ready(site, parts, spec, signal);
    const body = programContainer(spec, steps, { ...site, ...given });
    return createContainer(site.client, { name: hookName(instanceId, hook), body }, signal);
  };
  return {
    async runBefore(): Promise<void> {
      const command = before.at(-1);
      if (command === undefined) return;
      const id = await create('before', { before: before.slice(0, -1), command, after: {} });
      const code = await runHook(site, parts.logs, { record, id, signal });
      if (code !== 0)
        throw new Ended({ reason: 'before_failed', exitCode: code, step: command.name });
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
