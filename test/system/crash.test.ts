import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

type Counts = { count: number };
const count = (sql: string): number =>
  platform.query<Counts>(`select count(*) as count from ${sql}`)[0]?.count ?? 0;

/** Each row that a deployment leaves on its way; the control plane is killed as soon as it is there. */
const steps: Record<string, (id: string) => string> = {
  'the deployment is queued': (id) => `deployments where application_id = '${id}'`,
  'the build has begun': (id) =>
    `deployments where application_id = '${id}' and status != 'queued'`,
  'a build step is asked for': (id) => `instances where application_id = '${id}'`,
  'the artifact is recorded': (id) => `artifacts where application_id = '${id}'`,
  'the run is recorded': (id) => `runs where application_id = '${id}'`,
  'the run has its room': (id) =>
    `workloads where application_id = '${id}' and subject_kind = 'run' and state = 'admitted'`,
  'the instance runs': (id) =>
    `instances i join workloads w on w.id = i.workload_id where w.subject_kind = 'run' and i.application_id = '${id}' and i.started_at is not null`,
  'the instance has ended': (id) =>
    `instances i join workloads w on w.id = i.workload_id where w.subject_kind = 'run' and i.application_id = '${id}' and i.status = 'exited'`,
};

for (const [name, rows] of Object.entries(steps))
  test(`killed when ${name}, the platform carries on: one run, one instance, all of it billed`, async () => {
    const folder = await platform.repository({
      'main.py': 'import time\ntime.sleep(0.3)\nprint("done")\n',
    });
    const env = ['CC_MLPYTHON_RUN_MAIN=main.py', 'CC_POST_BUILD_HOOK=sleep 0.2'];
    const id = await platform.create(folder, { type: 'ml_python', env });
    const pushing = platform.git(['push', 'grid', 'HEAD:master'], folder);
    await until(name, () => count(rows(id)) > 0);
    platform.kill();
    await pushing;
    await until('the control plane is dead', () => !platform.running());
    await platform.start();
    await until(
      'the deployment is over',
      () => count(`deployments where application_id = '${id}' and status = 'completed'`) === 1,
    );
    assert.equal(count(`deployments where application_id = '${id}'`), 1);
    assert.equal(count(`runs where application_id = '${id}' and status = 'succeeded'`), 1);
    const ran = `instances i join workloads w on w.id = i.workload_id where w.subject_kind = 'run' and i.application_id = '${id}'`;
    assert.equal(count(ran), 1);
    assert.equal(count(`usage_intervals where application_id = '${id}'`), 1);
    await until(
      'its time is accounted for',
      () => count(`usage_intervals where application_id = '${id}' and ended_at is not null`) === 1,
    );
  });

test('a ref that moved while nobody looked gets its deployment at the next start', async () => {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const id = await platform.create(folder, {
    type: 'ml_python',
    env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
  });
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  const pushed = await platform.git(
    ['push', `${platform.data}/repositories/${id}.git`, 'HEAD:master'],
    folder,
  );
  assert.equal(pushed.code, 0, pushed.out);
  assert.equal(count(`deployments where application_id = '${id}'`), 0);
  await platform.start();
  await until(
    'the deployment is recorded',
    () => count(`deployments where application_id = '${id}'`) === 1,
  );
});

/**
 * A push that git holds in a hook, before any ref moves or when they have, until it is let go. The next control
 * plane writes the hooks anew.
 */
async function holdPush(where: 'pre-receive' | 'post-receive') {
  const folder = await platform.repository({ 'main.py': 'print(1)\n' });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await platform.create(folder, { type: 'ml_python', env });
  const repository = join(platform.data, 'repositories', `${id}.git`);
  assert.equal((await platform.git(['ls-remote', 'grid'], folder)).code, 0);
  const hook = join(platform.data, 'hooks', where);
  const wait = 'touch held; while [ ! -e released ]; do sleep 0.02; done';
  writeFileSync(hook, readFileSync(hook, 'utf8').replace('\n', `\n${wait}\n`));
  const pushing = platform.git(['push', 'grid', 'HEAD:master'], folder);
  await until('git holds the push', () => existsSync(join(repository, 'held')));
  return {
    id,
    folder,
    pushing,
    release: () => writeFileSync(join(repository, 'released'), ''),
    hasMoved: () => existsSync(join(repository, 'refs', 'heads', 'master')),
    isUnderWay: () => commandLines().some((line) => line.includes(repository)),
  };
}

/** Of every process of the machine that can be seen. */
const commandLines = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });

test('killed when a push has moved the ref and nobody knows, its deployment is there after the start', async () => {
  const { id, pushing, release, hasMoved } = await holdPush('post-receive');
  assert.ok(hasMoved());
  assert.equal(count(`deployments where application_id = '${id}'`), 0);
  platform.kill();
  release();
  await pushing;
  await until('the control plane is dead', () => !platform.running());
  await platform.start();
  const pushed = `deployments where application_id = '${id}' and author_id is not null`;
  await until('the deployment is recorded', () => count(pushed) === 1);
});

test('a push that outlives the control plane is refused, and not forgotten', async () => {
  const { id, folder, pushing, release, hasMoved, isUnderWay } = await holdPush('pre-receive');
  platform.kill();
  await pushing;
  await until('the control plane is dead', () => !platform.running());
  await platform.start();
  release();
  await until('git has ended', () => !isUnderWay());
  assert.equal(hasMoved(), false);
  const again = await platform.git(['push', 'grid', 'HEAD:master'], folder);
  assert.equal(again.code, 0, again.out);
  assert.equal(count(`deployments where application_id = '${id}'`), 1);
});

test('a Webapp serves while the control plane is down, and is found again', async () => {
  const folder = await platform.repository({ 'server.py': serverOf('still here') });
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=server.py'],
  });
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  const instances = () =>
    platform.query(`select id, status from instances where application_id = '${id}'`);
  const before = instances();
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
  assert.equal((await platform.visit(hostOf(id))).body, 'still here');
  const asked = platform.visit('localhost', '/v2/self');
  await platform.start();
  assert.equal((await asked).status, 401);
  assert.equal((await platform.visit(hostOf(id))).body, 'still here');
  assert.deepEqual(instances(), before);
  assert.equal(count(`instances where application_id = '${id}' and status = 'healthy'`), 1);
});

test('an instance whose supervisor is killed is replaced, and visitors are served again', async () => {
  const folder = await platform.repository({ 'server.py': serverOf('again') });
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=server.py'],
  });
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  const [instance] = platform.query<{ id: string }>(
    `select id from instances where application_id = '${id}'`,
  );
  const record = JSON.parse(
    readFileSync(`${platform.data}/engine/instances/${instance?.id}/instance.json`, 'utf8'),
  ) as { pid: number };
  process.kill(record.pid, 'SIGKILL');
  await until(
    'another attempt serves',
    () =>
      count(`instances where application_id = '${id}' and attempt = 2 and status = 'healthy'`) ===
      1,
  );
  await until(
    'visitors are served',
    async () => (await platform.visit(hostOf(id))).body === 'again',
  );
  assert.equal(count(`instances where application_id = '${id}' and reason = 'supervisor_lost'`), 1);
});
