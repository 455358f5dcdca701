import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { hashSecret, newTokenPair } from '../../packages/server/src/accounts/credentials.ts';
import { newId } from '../../packages/server/src/lib/ids.ts';
import { need } from '../../packages/server/src/testing/need.ts';
import { ENDLESS, watch } from './gpu-scene.ts';
import { openPlatform, until } from './platform.ts';

/** The driver's tool as it is first on the `PATH`: it says what the test says, or nothing and does not end. */
const tools = mkdtempSync(join(tmpdir(), 'grid-driver-'));
const say = (text: string): void => {
  mkdirSync(join(tools, 'bin'), { recursive: true });
  writeFileSync(join(tools, 'bin', 'nvidia-smi'), `#!/bin/sh\n${text}\n`);
  chmodSync(join(tools, 'bin', 'nvidia-smi'), 0o755);
};
const UUID = 'GPU-33333333-aaaa-4bbb-8ccc-333333333333';
const DETAILS = `<nvidia_smi_log><gpu id="00000000:1B:00.0"><uuid>${UUID}</uuid><minor_number>0</minor_number></gpu></nvidia_smi_log>`;
say(`case "$*" in
  *query-gpu=index*) echo '0, ${UUID}, NVIDIA L4, 23034, 00000000:1B:00.0, 570.86.15, [N/A], 0';;
  *-q\\ -x) echo '${DETAILS}';;
esac`);

const platform = await openPlatform({
  PATH: `${join(tools, 'bin')}:${process.env['PATH'] ?? ''}`,
});
after(() => platform.end());
const { runner: openRunner, ...scene } = watch(platform);
const runner = await openRunner({ env: ['COLOUR=red'] });

test('a driver’s tool that answers garbage or hangs offers nothing, and what is known stays known', async (t) => {
  if (!need(t, !existsSync('/proc/driver/nvidia'), 'being without NVIDIA’s driver')) return;
  const known = async () => (await scene.device(UUID))?.state;
  assert.equal(await known(), 'free');
  for (const [answer, says] of [
    ['echo "Segmentation fault"; exit 139', /Segmentation fault/],
    ['exec sleep 600', /nvidia-smi does not answer within/],
  ] as const) {
    say(answer);
    await scene.look(UUID);
    await until('the platform says so', async () =>
      says.test((await scene.devices()).silent ?? ''),
    );
    assert.equal(await known(), 'free');
    const { out } = await platform.grid(['devices']);
    assert.match(out, says);
    assert.match(out, new RegExp(`Devices as they were seen last:[^]*${UUID}`));
    const run = await runner.begin('--flavor', 'ML_XS', '--', 'true');
    const { detail } = await runner.reach(run, 'driver_unavailable');
    assert.match(detail ?? '', /driver’s tool does not answer/);
    assert.match((await runner.grid('why', run)).out, /Would help: .*nvidia-smi/);
    await runner.stop(run);
  }
});

suite('a run', { concurrency: 2 }, () => {
  test('is told to end when it took as long as it may, and what it keeps stays', async () => {
    const command =
      'trap "echo saved > $CG_CHECKPOINT_DIR/state; exit 0" TERM; echo up; while :; do sleep 0.1; done';
    const run = await runner.grid('run', '--max-duration', '2s', '--retries', '3', '--', command);
    assert.equal(run.code, 1);
    assert.match(run.out, /failed: max_duration: it took 2 seconds, as long as it may/);
    const [, id = ''] = /^(run_\S+)$/m.exec(run.out) ?? [];
    const { reason, attempts } = await runner.show(id);
    assert.deepEqual([reason, attempts.length], ['max_duration', 1]);
    const state = join(platform.data, 'runs', runner.id, id, 'state');
    assert.equal(readFileSync(state, 'utf8'), 'saved\n');
  });

  test('that fails is tried again as often as its user asked, and finds what it kept', async () => {
    const command =
      'cat $CG_CHECKPOINT_DIR/state; echo "attempt $CG_ATTEMPT resume [$CG_RESUME]" | tee $CG_CHECKPOINT_DIR/state; exit $((9 * (2 - CG_ATTEMPT)))';
    const { code, out } = await runner.grid('run', '--retries', '1', '--', command);
    assert.equal(code, 0, out);
    assert.match(out, /attempt 1 resume \[\][^]*attempt 1 resume \[\][^]*attempt 2 resume \[1\]/);
    const [, id = ''] = /^(run_\S+)$/m.exec(out) ?? [];
    const { attempts } = await runner.show(id);
    assert.deepEqual(
      attempts.map(({ status, exitCode }) => [status, exitCode]),
      [
        ['failed', 9],
        ['succeeded', 0],
      ],
    );
    const once = await runner.grid('run', '--retries', '0', '--', 'exit 9');
    assert.equal(once.code, 1);
    assert.match(once.out, /failed: .*exit code 9/);
  });

  test('goes beside another of its application, each with a log of its own, and is stopped', async () => {
    const one = await runner.begin('--env', 'WHICH=one', '--', `echo I am $WHICH; ${ENDLESS}`);
    const two = await runner.begin('--env', 'WHICH=two', '--', `echo I am $WHICH; ${ENDLESS}`);
    await runner.reach(one, 'running');
    await runner.reach(two, 'running');
    await until('they have said so', async () => /I am one/.test(await runner.log(one)));
    await until('they have said so', async () => /I am two/.test(await runner.log(two)));
    assert.doesNotMatch(await runner.log(one), /two|deployed/);
    const { out } = await runner.grid('logs');
    assert.match(out, /deployed/);
    assert.doesNotMatch(out, /I am/);
    const stopped = await runner.grid('run', 'stop', one);
    assert.equal(stopped.code, 0, stopped.out);
    await runner.reach(one, 'cancelled');
    assert.equal((await runner.show(two)).status, 'running');
    assert.match((await runner.grid('runs', '--status', 'cancelled')).out, new RegExp(one));
    const again = await runner.grid('run', 'stop', one);
    assert.equal(again.code, 3, again.out);
    await runner.stop(two);
  });
});

test('the same run again has the variables of then, and those of one run alone are its own', async () => {
  const first = await runner.grid('run', '--env', 'SIZE=big', '--', 'echo $COLOUR $SIZE $0');
  assert.match(first.out, /red big/);
  const [, id = ''] = /^(run_\S+)$/m.exec(first.out) ?? [];
  const set = await runner.grid('env', 'set', 'COLOUR=blue');
  assert.equal(set.code, 0, set.out);
  const other = await runner.grid('run', '--', 'echo colour $COLOUR size $SIZE.');
  assert.match(other.out, /colour blue size \./);
  const again = await runner.grid('rerun', id);
  assert.equal(again.code, 0, again.out);
  assert.match(again.out, /red big/);
  const [, copy = ''] = /^(run_\S+)$/m.exec(again.out) ?? [];
  const [before, now] = [await runner.show(id), await runner.show(copy)];
  const made = ({ artifactId, environmentHash, command, commitId, changed }: typeof now) => ({
    artifactId,
    environmentHash,
    command,
    commitId,
    changed,
  });
  assert.deepEqual(made(now), made(before));
  assert.deepEqual([now.rerunOf, now.changed], [id, ['SIZE']]);
});

test('a member of another organization finds no run, no log, and nothing to stop', async () => {
  const run = await runner.begin('--', ENDLESS);
  await runner.reach(run, 'running');
  const { token, secret } = newTokenPair();
  const [user, organization, now] = [newId('user'), newId('organization'), Date.now()];
  platform.change(`
    insert into users values ('${user}', 'eve@example.com', 'Eve', null, 0, ${now});
    insert into organizations values ('${organization}', 'Others', '', ${now});
    insert into members values ('${organization}', '${user}', 'ADMIN', ${now});
    insert into tokens (token, user_id, secret_hash, name, created_at, expires_at)
      values ('${token}', '${user}', '${hashSecret(secret)}', 'eve', ${now}, ${now + 600_000});`);
  const ask = async (method: string, path: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}.${secret}` };
    const url = `http://127.0.0.1:${platform.port()}${path}`;
    return (await fetch(url, { method, headers })).status;
  };
  const own = `/grid/v1/owners/${organization}`;
  assert.equal(await ask('GET', `${own}/queue`), 200);
  for (const path of [runner.path(run), `${own}/applications/${runner.id}/runs/${run}`]) {
    assert.equal(await ask('GET', path), 404);
    assert.equal(await ask('GET', `${path}/logs?until=2030-01-01T00:00:00Z`), 404);
    assert.equal(await ask('DELETE', path), 404);
    assert.equal(await ask('POST', `${path}/rerun`), 404);
  }
  assert.equal(await ask('GET', `${own}/runs/${run}`), 404);
  assert.equal((await runner.show(run)).status, 'running');
  await runner.stop(run);
});
