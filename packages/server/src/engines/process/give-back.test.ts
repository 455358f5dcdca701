import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exitOf, start, textOf } from '../../testing/engine.ts';
import { makeSpec } from '../../testing/instance.ts';
import { silentLog } from '../../testing/log.ts';
import { need } from '../../testing/need.ts';
import { until } from '../../testing/until.ts';
import type { InstanceSpec } from '../../workloads/engine.ts';
import { createProcessEngine } from './process-engine.ts';

async function open(t: TestContext, prepare?: (directory: string) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'grid-numbers-'));
  const options = { directory, isolation: 'auto', allowedNetworks: [], log: silentLog } as const;
  prepare?.(directory);
  const engine = await createProcessEngine(options);
  t.after(async () => {
    const signal = AbortSignal.timeout(30_000);
    for (const { workloadId } of await engine.list(signal))
      await engine.remove(workloadId, 0, signal);
    await engine.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  const numbers = (kind: 'users' | 'subnets'): Readonly<Record<string, number>> =>
    JSON.parse(readFileSync(join(directory, `${kind}.json`), 'utf8')) as Record<string, number>;
  return { engine, directory, numbers };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** What ran of it is over, and still there. */
async function runOnce({ engine, directory }: Opened, t: TestContext): Promise<InstanceSpec> {
  const spec = makeSpec(directory, 'exit 0');
  await start({ engine }, spec, t);
  assert.equal((await exitOf({ engine }, spec, t)).exitCode, 0, await textOf(spec));
  return spec;
}

const goneWith = ({ applicationId, ownerId }: InstanceSpec) => ({
  applications: [applicationId],
  owners: [ownerId],
});

test('a number is given back when nothing is left of whose it was, and to the next who asks', async (t) => {
  const opened = await open(t);
  const { engine, directory, numbers } = opened;
  if (!need(t, engine.host.isolated && engine.host.root, 'isolation (grid doctor), as root'))
    return;
  const [first, other] = [await runOnce(opened, t), await runOnce(opened, t)];
  const { [first.applicationId]: user = 0 } = numbers('users');
  const { [first.ownerId]: subnet } = numbers('subnets');
  const places = [[join(directory, 'artifacts'), 1]] as const;
  const keeps = async (why: string): Promise<void> => {
    await engine.giveBack(goneWith(first), places, t.signal);
    assert.equal(numbers('users')[first.applicationId], user, why);
  };

  await keeps('an instance is there');
  await engine.remove(first.workloadId, 0, t.signal);
  const artifact = join(directory, 'artifacts', 'one');
  mkdirSync(artifact, { recursive: true });
  writeFileSync(join(artifact, 'main.py'), '');
  chownSync(join(artifact, 'main.py'), user, user);
  await keeps('a file of a tree that was being given away');
  chownSync(artifact, user, user);
  await keeps('a tree');
  rmSync(artifact, { recursive: true });

  await engine.giveBack(goneWith(first), places, t.signal);
  assert.deepEqual(Object.keys(numbers('users')), [other.applicationId]);
  assert.deepEqual(Object.keys(numbers('subnets')), [other.ownerId]);
  const netns = engine.host.network?.netns ?? '';
  const links = execFileSync('nsenter', [`--net=${netns}`, 'ip', '-o', 'link'], {
    encoding: 'utf8',
  });
  assert.ok(!links.includes(` b${subnet}:`), links);
  const next = await runOnce(opened, t);
  assert.deepEqual(
    [numbers('users')[next.applicationId], numbers('subnets')[next.ownerId]],
    [user, subnet],
  );
});

test('where every network is given, one is taken from an owner of whom nothing runs', async (t) => {
  const owners = Array.from({ length: 250 }, (_, index) => [`orga_${index}`, index + 1]);
  const opened = await open(t, (directory) =>
    writeFileSync(join(directory, 'subnets.json'), JSON.stringify(Object.fromEntries(owners))),
  );
  if (!need(t, opened.engine.host.isolated, 'isolation (grid doctor)')) return;
  const [one, other] = [await runOnce(opened, t), await runOnce(opened, t)];
  const known = opened.numbers('subnets');
  assert.deepEqual([known[one.ownerId], known[other.ownerId]], [1, 2]);
  assert.ok(!('orga_0' in known) && 'orga_249' in known);
  const { addresses } = await opened.engine.nodeAddresses(one.ownerId, t.signal);
  assert.match(addresses[0] ?? '', /\.1\.128$/);
});

/** Until the answer is called, everybody else waits who wants the lock; `isWanted` says whether anybody does. */
async function holdLock(t: TestContext, path: string) {
  const holder = spawn('/usr/bin/flock', [path, 'sh', '-c', 'echo held; read answer'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => holder.kill());
  await once(holder.stdout, 'data');
  const waits = new RegExp(`-> FLOCK .*:${statSync(path).ino} `);
  return {
    isWanted: (): boolean => waits.test(readFileSync('/proc/locks', 'utf8')),
    release: (): void => void holder.stdin.end('\n'),
  };
}

test('an owner who starts something while their network is being given back keeps it', async (t) => {
  const opened = await open(t);
  const { engine, directory, numbers } = opened;
  if (!need(t, engine.host.isolated, 'isolation (grid doctor)')) return;
  const spec = await runOnce(opened, t);
  await engine.remove(spec.workloadId, 0, t.signal);
  const lock = await holdLock(t, join(directory, 'subnets.json.lock'));
  const giving = engine.giveBack({ applications: [], owners: [spec.ownerId] }, [], t.signal);
  await until(lock.isWanted);
  const starts = join(directory, 'instances', 'inst_that_starts');
  mkdirSync(starts);
  t.after(() => rmSync(starts, { recursive: true, force: true }));
  const { ownerId } = spec;
  writeFileSync(join(starts, 'instance.json'), JSON.stringify({ ownerId, user: null }));
  lock.release();
  await giving;
  assert.ok(ownerId in numbers('subnets'));
  rmSync(starts, { recursive: true });
  await engine.giveBack({ applications: [], owners: [ownerId] }, [], t.signal);
  assert.ok(!(ownerId in numbers('subnets')));
});

test('a network that has become another owner’s is never remembered as one’s own', async (t) => {
  const opened = await open(t);
  const { engine, directory, numbers } = opened;
  if (!need(t, engine.host.isolated, 'isolation (grid doctor)')) return;
  const spec = await runOnce(opened, t);
  const { [spec.ownerId]: former = 0 } = numbers('subnets');
  writeFileSync(join(directory, 'subnets.json'), JSON.stringify({ orga_other: former }));
  const { addresses } = await engine.nodeAddresses(spec.ownerId, t.signal);
  assert.ok(!addresses[0]?.includes(`.${former}.128`), addresses[0]);
});
