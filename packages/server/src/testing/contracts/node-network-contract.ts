import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { newId } from '../../lib/ids.ts';
import { exitOf, prints, ruleFor, run, runningOf, start, textOf } from '../engine.ts';
import type { Subject } from '../engine.ts';
import type { Engine, InstanceSpec, NodeNetwork } from '../../workloads/engine.ts';

type Networked = Subject & { engine: Engine & NodeNetwork };
type Rule = ReturnType<typeof ruleFor<Networked>>;

/** What each engine must pass on which the nodes of a run know each other, and share a directory. */
export function nodeNetworkContract(
  name: string,
  open: (t: TestContext) => Promise<Networked | undefined>,
): void {
  const rule = ruleFor(name, open);
  addresses(rule);
  endings(rule);
  files(rule);
}

/** Two nodes of a run that serve what they are called, and what they have in common. */
async function describeNodes(subject: Networked, t: TestContext) {
  const ownerId = newId('organization');
  const offered = await subject.engine.nodeAddresses(ownerId, t.signal);
  const [first = '', second = ''] = offered.addresses;
  const hosts = { 'node-0': first, 'node-1': second };
  const changes = { ownerId, port: 8080, hosts };
  const describe = (name: string, address: string): InstanceSpec =>
    subject.spec(subject.serve(name), { ...changes, address });
  return { ...offered, changes, nodes: [describe('node-0', first), describe('node-1', second)] };
}

/** Where it serves, once it does. */
async function serving(subject: Networked, spec: InstanceSpec, t: TestContext) {
  await start(subject, spec, t);
  const { endpoint } = await runningOf(subject, spec, t);
  assert.ok(endpoint !== undefined);
  for (;;) {
    t.signal.throwIfAborted();
    try {
      const socket = await subject.engine.connect(spec.instanceId, 8080, t.signal);
      socket.destroy();
      return endpoint;
    } catch {
      await nextTurn();
    }
  }
}

const VISIT = `python3 -c '
import sys, urllib.request
assert urllib.request.urlopen(sys.argv[1], timeout=3).read().decode() == sys.argv[2]'`;

/** Whether an instance reaches another at this place, which answers what it is called. */
async function reaches(
  { engine }: Networked,
  from: InstanceSpec,
  { host, port, name, t }: { host: string; port: number; name: string; t: TestContext },
): Promise<boolean> {
  const argv = ['/bin/sh', '-c', `${VISIT} http://${host}:${port}/ ${name}`];
  const end = await engine.exec(from.instanceId, argv, t.signal);
  return 'exitCode' in end && end.exitCode === 0;
}

/** Whether its own host name leads to its own address: collective libraries offer that to the others. */
async function findsItself({ engine }: Networked, { instanceId, address }: InstanceSpec) {
  const program =
    'import socket, sys; sys.exit(socket.gethostbyname(socket.gethostname()) != sys.argv[1])';
  const argv = ['python3', '-c', program, address ?? ''];
  const end = await engine.exec(instanceId, argv, AbortSignal.timeout(10_000));
  return 'exitCode' in end && end.exitCode === 0;
}

function addresses(rule: Rule): void {
  rule('nodes reach each other by name at the addresses they were given', async (subject, t) => {
    const {
      nodes,
      changes,
      addresses: offered,
      networkInterface,
    } = await describeNodes(subject, t);
    const [one, two] = nodes as [InstanceSpec, InstanceSpec];
    const endpoints = [await serving(subject, one, t), await serving(subject, two, t)];
    const pairs = [
      [one, endpoints[1], 'node-1', two.address],
      [two, endpoints[0], 'node-0', one.address],
    ] as const;
    for (const [from, endpoint, name, address = ''] of pairs) {
      const port = endpoint?.port ?? 0;
      assert.ok(await reaches(subject, from, { host: address, port, name, t }));
      if (!subject.isolated) continue;
      assert.equal(endpoint?.host, address);
      assert.ok(await reaches(subject, from, { host: name, port, name, t }));
      assert.ok(await findsItself(subject, from), 'its own name leads elsewhere');
    }
    const carries = ['/bin/sh', '-c', `grep -q "^ *${networkInterface}:" /proc/net/dev`];
    const end = await subject.engine.exec(one.instanceId, carries, t.signal);
    assert.deepEqual(end, { exitCode: 0 });
    const other = subject.spec(subject.serve('other'), { ...changes, hosts: {} });
    const { host } = await serving(subject, other, t);
    assert.ok(!offered.includes(host), `${host} was taken, which is the platform's to give`);
  });

  rule(
    'owners have addresses of their own, the same each time',
    async ({ engine, isolated }, t) => {
      const [ownerId, otherId] = [newId('organization'), newId('organization')];
      const offered = await engine.nodeAddresses(ownerId, t.signal);
      assert.ok(offered.addresses.length >= 100);
      assert.deepEqual(await engine.nodeAddresses(ownerId, t.signal), offered);
      const { addresses: others } = await engine.nodeAddresses(otherId, t.signal);
      if (isolated) assert.ok(!others.some((one) => offered.addresses.includes(one)));
    },
  );

  rule('a taken address is refused with a sentence, and given on at once', async (subject, t) => {
    if (!subject.isolated) return;
    const { nodes } = await describeNodes(subject, t);
    const [one] = nodes as [InstanceSpec];
    await serving(subject, one, t);
    const again = (): InstanceSpec => ({
      ...one,
      instanceId: newId('instance'),
      workloadId: newId('workload'),
      logDirectory: `${one.logDirectory}.${newId('instance')}`,
    });
    const { reason, detail } = await run(subject, again(), t);
    assert.equal(reason, 'start_failed');
    assert.match(detail ?? '', /address .*is taken by another instance/);
    await subject.engine.remove(one.workloadId, 0, t.signal);
    assert.equal((await serving(subject, again(), t)).host, one.address);
  });
}

const LISTENS = `exec python3 -c '
import socket, time
listener = socket.create_server(("0.0.0.0", 8080))
print("listening", flush=True)
line, _ = listener.accept()
time.sleep(600)'`;

const CALLS = `exec python3 -c '
import os, socket, time
line = socket.create_connection((os.environ["PEER"], 8080))
print("connected", flush=True)
time.sleep(600)'`;

function endings(rule: Rule): void {
  rule(
    'an address is free when its holder is over, though nobody hears its last words',
    async (subject, t) => {
      if (!subject.isolated) return;
      const { nodes, changes } = await describeNodes(subject, t);
      const [one, two] = nodes as [InstanceSpec, InstanceSpec];
      const listens = subject.spec(LISTENS, { ...changes, address: one.address });
      const environment = { ...listens.environment, PEER: one.address ?? '' };
      const calls = subject.spec(CALLS, { ...changes, address: two.address, environment });
      await start(subject, listens, t);
      await prints(listens, /listening/, t);
      await start(subject, calls, t);
      await prints(calls, /connected/, t);
      for (const { workloadId } of [listens, calls])
        await subject.engine.remove(workloadId, 0, t.signal);
      assert.equal((await serving(subject, two, t)).host, two.address);
    },
  );
}

function files(rule: Rule): void {
  rule('what one node writes where they share, others read, and later ones', async (subject, t) => {
    const made = subject.spec('');
    const source = `${dirname(made.files.application.source)}.shared/${made.workloadId}/files`;
    const changes = {
      ownerId: made.ownerId,
      applicationId: made.applicationId,
      files: { ...made.files, shared: { source, mountedAt: '/run/grid' } },
      environment: { ...made.environment, CG_SHARED: '/run/grid/checkpoints' },
    };
    const write = 'mkdir -p "$CG_SHARED" && echo weights > "$CG_SHARED/1"';
    const one = subject.spec(`${write} && echo written && exec sleep 600`, changes);
    const two = subject.spec('cat "$CG_SHARED/1" && echo more >> "$CG_SHARED/1"', changes);
    await start(subject, one, t);
    await prints(one, /written/, t);
    assert.ok(existsSync(join(source, 'checkpoints', '1')), 'it lies where it was said');
    assert.equal((await run(subject, two, t)).exitCode, 0, await textOf(two));
    assert.equal(await textOf(two), 'weights');
    const seen = ['/bin/sh', '-c', 'grep -q more "$CG_SHARED/1"'];
    assert.deepEqual(await subject.engine.exec(one.instanceId, seen, t.signal), { exitCode: 0 });
    for (const { workloadId } of [one, two]) await subject.engine.remove(workloadId, 0, t.signal);
    const later = subject.spec('cat /run/grid/checkpoints/1', changes);
    await start(subject, later, t);
    assert.equal((await exitOf(subject, later, t)).exitCode, 0);
    assert.equal(await textOf(later), 'weights\nmore');
  });
}
