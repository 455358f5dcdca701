import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Device, PastRun, Queue, Why } from '../../packages/api/src/index.ts';
import { devicesOf, ENDLESS, l4, openGpus } from './gpu-scene.ts';
import { hostOf, serverOf, until } from './platform.ts';

const ONE = 'GPU-11111111-aaaa-4bbb-8ccc-111111111111';
const TWO = 'GPU-22222222-aaaa-4bbb-8ccc-222222222222';
const BOTH = [l4(ONE), l4(TWO)];

/** Each test has both devices of the platform, and leaves them free: they run one after the other. */
const gpus = await openGpus(BOTH);
const { platform } = gpus;
after(() => platform.end());

const SAYS = 'echo "sees [$CUDA_VISIBLE_DEVICES] of $CC_GPU_COUNT"';
const GPU = ['--flavor', 'ML_XS'];

/** Of the tests whose runs never come to an end by themselves, so that nobody learns how long they take. */
const runner = await gpus.runner();

const allFree = () =>
  until('all devices are free', async () => {
    const { devices } = await gpus.devices();
    return devices.length === 2 && devices.every(({ state }) => state === 'free');
  });

test('a run sees exactly the device that it leases, and is billed by the minute; one without sees none', async () => {
  const runner = await gpus.runner();
  const leased = await runner.grid('run', ...GPU, '--', SAYS);
  assert.equal(leased.code, 0, leased.out);
  const [, id = ''] = /^(run_\S+)$/m.exec(leased.out) ?? [];
  const shown = await runner.show(id);
  const [device] = devicesOf(shown);
  assert.ok(device === ONE || device === TWO, 'it leases one of the two');
  assert.match(leased.out, new RegExp(`sees \\[${device}\\] of 1$`, 'm'));
  const bill = { minutes: 1, gpuMinutes: 1, microEuros: 6944 };
  const { minutes, gpuMinutes, microEuros } = shown;
  assert.deepEqual({ minutes, gpuMinutes, microEuros }, bill);
  assert.match(leased.out, /✓ succeeded \(0\.006944 €\)/);
  assert.match(
    (await runner.grid('run', 'show', id)).out,
    /cost +0\.006944 € \(instance minutes: 1, GPU minutes: 1\)/,
  );

  const without = await runner.grid('run', '--', SAYS);
  assert.match(without.out, /sees \[\] of 0$/m);
  const { out } = await platform.grid(['usage', '--format', 'json']);
  const { applications } = JSON.parse(out) as {
    applications: { applicationId: string; gpuMinutes: number }[];
  };
  const own = applications.find(({ applicationId }) => applicationId === runner.id);
  assert.equal(own?.gpuMinutes, 1);
  await allFree();
});

test('of three runs on two devices the third waits, says why and until when, and starts when one ends', async () => {
  const runner = await gpus.runner();
  const limit = ['--max-duration', '10m'];
  const command = ['--', ENDLESS];
  const first = await runner.begin(...GPU, ...limit, ...command);
  const second = await runner.begin(...GPU, ...limit, ...command);
  const third = await runner.begin(...GPU, ...limit, ...command);
  const [one, two] = [await runner.reach(first, 'running'), await runner.reach(second, 'running')];
  assert.deepEqual([...devicesOf(one), ...devicesOf(two)].toSorted(), [ONE, TWO]);
  const waits = await runner.reach(third, 'no_device');
  assert.match(
    waits.detail ?? '',
    /^Needs 1 × GPU L4; 0 of 2 are free\. .* is not known: .* at the latest in about 10 minutes\.$/,
  );

  const why = JSON.parse((await runner.grid('why', third, '--format', 'json')).out) as Why;
  assert.deepEqual([why.reason, why.position, why.line], ['no_device', 1, 'L4']);
  const ends = (one.attempts[0]?.createdAt ?? 0) + 600_000;
  assert.deepEqual([why.expectedAt, why.expectation], [null, 'bound']);
  assert.ok(
    Math.abs((why.latestAt ?? 0) - ends) < 5_000,
    'it starts when the first ends at the latest',
  );
  const told = await runner.grid('why', third);
  assert.match(told.out, /1\. in the queue for L4\n +no_device: Needs 1 × GPU L4/);
  assert.match(told.out, /Its start is not known: .* at the latest in 10 min\.\n +Would help: /);
  const queue = await platform.grid(['queue']);
  assert.match(
    queue.out,
    new RegExp(
      `run ${third}\\n +1 × ML_XS, 1\\. in the queue for L4, start not known: .* at the latest in 10`,
    ),
  );
  assert.match(queue.out, /Free: 0 of 2 L4, /);
  const { waiting } = JSON.parse((await platform.grid(['queue', '--format', 'json'])).out) as Queue;
  assert.deepEqual(
    waiting.map(({ runId, reason, position }) => [runId, reason, position]),
    [[third, 'no_device', 1]],
  );
  const table = await platform.grid(['devices']);
  for (const uuid of [ONE, TWO])
    assert.match(table.out, new RegExp(`${uuid} +NVIDIA L4 +22 GiB +leased .*${runner.id} node 0`));

  await runner.stop(first);
  assert.deepEqual(devicesOf(await runner.reach(third, 'running')), devicesOf(one));
  const later = await runner.why(third);
  assert.equal(later.promisedAt, null, 'nothing was foretold');
  assert.ok((later.admittedAt ?? Infinity) < (why.latestAt ?? 0));
  assert.doesNotMatch((await platform.grid(['queue'])).out, /starts that were foretold/);
  await runner.stop(second, third);
  await allFree();
});

test('a short run goes ahead of one that waits for both devices, a long one does not', async () => {
  const runner = await gpus.runner();
  const holder = await runner.begin(...GPU, '--max-duration', '10m', '--', ENDLESS);
  await runner.reach(holder, 'running');
  const wide = await runner.begin(...GPU, '--nodes', '2', '--', ENDLESS);
  await runner.reach(wide, 'no_device');
  const long = await runner.begin(...GPU, '--max-duration', '20m', '--', ENDLESS);
  const { detail } = await runner.reach(long, 'behind_others');
  assert.match(
    detail ?? '',
    /^Number 2 of those that wait for the same: it would delay one that came first/,
  );
  const short = await runner.begin(...GPU, '--max-duration', '5m', '--', 'echo short');
  await runner.reach(short, 'succeeded');
  assert.equal((await runner.show(wide)).status, 'waiting');
  await runner.stop(holder);
  const admitted = await runner.reach(wide, 'running');
  assert.deepEqual(devicesOf(admitted).toSorted(), [ONE, TWO]);
  assert.equal((await runner.why(long)).reason, 'no_device');
  await runner.stop(wide, long);
  await allFree();
});

test('what ran is replayed on other devices', async () => {
  const kept = await platform.grid(['past-runs']);
  const ran = kept.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PastRun);
  assert.ok(
    ran.some((one) => one.gpus === 1 && one.nodes === 2 && one.class === 'L4'),
    kept.out,
  );
  const args = ['--gpus', '1xL4', '--gpus', '2xL4', '--overtaking', 'backfill'];
  const { out } = await platform.grid(['replay', ...args, '--format', 'json']);
  const { compared } = JSON.parse(out) as { compared: { runs: number; neverFit: number }[] };
  const wide = ran.filter(({ nodes }) => nodes === 2).length;
  assert.deepEqual(
    compared.map(({ runs, neverFit }) => [runs, neverFit]),
    [
      [ran.length - wide, wide],
      [ran.length, 0],
    ],
  );
});

test('a size that could never be held is refused with the nearest that could', async () => {
  const many = await runner.grid('run', ...GPU, '--nodes', '3');
  assert.equal(many.code, 3, many.out);
  assert.match(many.out, /3 × ML_XS \(6144 MiB, 1 GPU L4 each\) never fits here: .* 2 × GPU L4/);
  assert.match(many.out, /The nearest that fits is 2 × ML_XS\./);
  const big = await runner.grid('run', '--flavor', 'ML_XL');
  assert.equal(big.code, 3, big.out);
  assert.match(big.out, /1 × ML_XL .* never fits here: .* nearest that fits is 1 × ML_\w+\./);
  const { out } = await runner.grid('runs', '--format', 'json');
  assert.equal((JSON.parse(out) as unknown[]).length, 1, 'nothing was made but by the deployment');
});

test('a run whose device vanishes goes on with its next attempt on the other, and the device is missing until it is forgotten', async () => {
  const run = await runner.begin(...GPU, '--', ENDLESS);
  const [lost = ''] = devicesOf(await runner.reach(run, 'running'));
  const rest = BOTH.filter(({ uuid }) => uuid !== lost);
  const kept = rest[0]?.uuid ?? '';
  const held = await platform.grid(['devices', 'forget', lost]);
  assert.equal(held.code, 3, held.out);
  gpus.write(rest);
  await gpus.look(kept);
  await until('there is another attempt', async () => (await runner.show(run)).attempts.length > 1);
  const { attempts } = await runner.reach(run, 'running');
  assert.deepEqual(
    attempts.map(({ reason, nodes }) => [reason, nodes.flatMap(({ devices }) => devices)]),
    [
      ['device_lost', [lost]],
      [null, [kept]],
    ],
  );
  assert.match((await runner.grid('run', 'show', run)).out, /attempt 1: failed \(.*not list it/);
  assert.match((await platform.grid(['devices'])).out, new RegExp(`${lost} .* missing .*forget`));
  const wide = await runner.begin(...GPU, '--nodes', '2', '--', ENDLESS);
  await runner.reach(wide, 'no_device');
  await runner.stop(run);
  await runner.reach(wide, 'device_quarantined');
  await runner.stop(wide);
  const forgotten = await platform.grid(['devices', 'forget', lost]);
  assert.equal(forgotten.code, 0, forgotten.out);
  assert.equal(await gpus.device(lost), undefined);
  gpus.write(BOTH);
  await gpus.look(kept);
  await allFree();
});

test('a device in trouble is quarantined and given to nobody until it is repaired', async () => {
  const run = await runner.begin(...GPU, '--', ENDLESS);
  const [ill = ''] = devicesOf(await runner.reach(run, 'running'));
  const well = ill === ONE ? TWO : ONE;
  const trouble = { reason: 'xid', detail: 'Xid 79: the GPU has fallen off the bus.' } as const;
  gpus.write([{ ...l4(ill), trouble }, l4(well)]);
  await gpus.look(well);
  await until('it is on the other', async () => devicesOf(await runner.show(run))[0] === well);
  const { attempts } = await runner.show(run);
  assert.match(attempts[0]?.detail ?? '', /Xid 79/);
  const second = await runner.begin(...GPU, '--', ENDLESS);
  const waits = await runner.reach(second, 'device_quarantined');
  assert.match(waits.detail ?? '', /0 of 2 are free; 1 are not well \("grid devices" says why\)/);
  const shown = await platform.grid(['devices', '--format', 'json']);
  const { devices } = JSON.parse(shown.out) as { devices: Device[] };
  const { state, reason, detail } = devices.find(({ uuid }) => uuid === ill) ?? {};
  assert.deepEqual([state, reason, detail], ['quarantined', 'xid', trouble.detail]);
  assert.match((await platform.grid(['queue'])).out, /0 of 2 L4 \(1 not well\)/);
  const there = await platform.grid(['devices', 'forget', ill]);
  assert.equal(there.code, 3);
  assert.match(there.out, /only a device that is missing is forgotten/);
  gpus.write(BOTH);
  await gpus.look(ill);
  assert.deepEqual(devicesOf(await runner.reach(second, 'running')), [ill]);
  await runner.stop(run, second);
  await allFree();
});

test('a device that a process is still seen to use is not offered again, and the process is named', async () => {
  const first = await runner.begin(...GPU, '--', ENDLESS);
  const [held = ''] = devicesOf(await runner.reach(first, 'running'));
  const other = await runner.begin(...GPU, '--', ENDLESS);
  await runner.reach(other, 'running');
  gpus.write(BOTH.map((one) => (one.uuid === held ? { ...one, holders: [4711] } : one)));
  await runner.stop(first);
  const next = await runner.begin(...GPU, '--', ENDLESS);
  const waits = await runner.reach(next, 'device_fencing');
  assert.match(waits.detail ?? '', /0 of 2 are free, 1 more when nobody is seen to use them/);
  await until('the process is named', async () => {
    const { out } = await platform.grid(['devices']);
    return new RegExp(`${held} .* fencing .*Process 4711 of this machine`).test(out);
  });
  assert.equal((await runner.show(next)).status, 'waiting');
  gpus.write(BOTH);
  assert.deepEqual(devicesOf(await runner.reach(next, 'running')), [held]);
  await runner.stop(other, next);
  await allFree();
});

test('a new version of a Webapp takes the place of the old one where only its own device is left', async () => {
  const folder = await platform.repository({ 'main.py': serverOf('served') });
  const id = await platform.create(folder, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=main.py'],
    args: GPU,
  });
  const first = await platform.grid(['deploy'], { folder });
  assert.equal(first.code, 0, first.out);
  const holder = await runner.begin(...GPU, '--', ENDLESS);
  await runner.reach(holder, 'running');
  const again = await platform.grid(['restart'], { folder });
  assert.equal(again.code, 0, again.out);
  assert.match(again.out, /no room for the old and the new version side by side/);
  const rows = platform.query<{ status: string; reason: string | null }>(
    `select status, reason from deployments where application_id = '${id}' order by number`,
  );
  assert.deepEqual(
    rows.map(({ status }) => status),
    ['superseded', 'live'],
  );
  assert.equal((await platform.visit(hostOf(id))).body, 'served');
  assert.equal((await runner.show(holder)).status, 'running', 'nobody else was stopped for it');
  await runner.stop(holder);
  await platform.grid(['stop'], { folder });
  await allFree();
});
