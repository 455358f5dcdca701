import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());
const { token, secret, data, organizationId } = platform;

type Event = { event: string; id: string | undefined; data: string };
type Line = { message: string; instanceId?: string; service: string; stream: string; date: string };
type Access = { http: { request: { path: string } } };
type Query = Record<string, string>;

function open(path: string, lastEventId?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const authorization = `Basic ${Buffer.from(`${token}:${secret}`).toString('base64')}`;
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const headers = { host: 'localhost', authorization, ...resume };
    const target = { host: '127.0.0.1', port: platform.port(), path, headers, agent: false };
    request(target, resolve).on('error', reject).end();
  });
}

const logPath = (id: string, query: Query = {}): string =>
  `/v4/logs/organisations/${organizationId}/applications/${id}/logs?${new URLSearchParams(query).toString()}`;

/** The events of a log as they come, until the caller has enough. */
async function* events(id: string, query: Query = {}, from?: string): AsyncGenerator<Event> {
  const answer = await open(logPath(id, query), from);
  assert.equal(answer.statusCode, 200);
  let text = '';
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      text += part.toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(block)?.[1];
        yield { event: field('event') ?? '', id: field('id'), data: field('data') ?? '' };
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  } finally {
    answer.destroy();
  }
}

const lineOf = ({ data: json }: Event): Line => JSON.parse(json) as Line;

/** All lines that are there by now, and how the stream ended. */
async function read(id: string, query: Query = {}): Promise<{ lines: Line[]; end: string }> {
  const lines: Line[] = [];
  const bounded = { until: new Date(Date.now() + 1).toISOString(), ...query };
  for await (const event of events(id, bounded)) {
    if (event.event === 'APPLICATION_LOG') lines.push(lineOf(event));
    if (event.event === 'END_OF_STREAM') return { lines, end: event.data };
  }
  throw new Error('the stream ended without saying so');
}

async function runner(main: string, env: string[] = [], args: string[] = []) {
  const folder = await platform.repository({ 'main.py': main });
  const variables = ['CC_MLPYTHON_RUN_MAIN=main.py', ...env];
  const id = await platform.create(folder, { type: 'ml_python', env: variables, args });
  return { folder, id, deploy: () => platform.grid(['deploy'], { folder }) };
}

test('a follower that is cut off, by a crash of the platform too, misses no line and sees none twice', async () => {
  const count = 3_000;
  const main = `import sys, time
for n in range(${count}):
    print('line', n, flush=True)
    time.sleep(0.001)
`;
  const { folder, id } = await runner(main);
  assert.equal((await platform.git(['push', 'grid', 'HEAD:master'], folder)).code, 0);
  const seen: number[] = [];
  let last: string | undefined;
  let killed = false;
  while (seen.at(-1) !== count - 1) {
    const stopAt = seen.length + 700;
    for await (const event of events(id, {}, last)) {
      if (event.event !== 'APPLICATION_LOG') continue;
      last = event.id;
      const number = /^line (\d+)$/.exec(lineOf(event).message)?.[1];
      if (number !== undefined) seen.push(Number(number));
      if (seen.length >= stopAt || seen.at(-1) === count - 1) break;
      if (seen.length > 1_000 && !killed) {
        killed = true;
        platform.kill();
        await until('it is gone', () => !platform.running());
        await platform.start();
      }
    }
  }
  assert.ok(killed);
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, number) => number),
  );
});

test('lines are asked for by text, instance, deployment, time and number', async () => {
  const main = `import os
for n in range(5): print('node', os.environ['INSTANCE_NUMBER'], 'step', n)
`;
  const { id, deploy } = await runner(main, [], ['--nodes', '2', '--flavor', 'pico']);
  assert.equal((await deploy()).code, 0);
  const all = await read(id);
  assert.equal(all.end, '{"endedBy":"UNTIL_REACHED"}');
  const steps = all.lines.filter(({ message }) => message.includes('step'));
  assert.equal(steps.length, 10);
  assert.ok(steps.every(({ service, stream }) => service === 'bas' && stream === 'stdout'));
  const some = await read(id, { filter: 'step 3' });
  assert.deepEqual(some.lines.map(({ message }) => message).toSorted(), [
    'node 0 step 3',
    'node 1 step 3',
  ]);
  const { instanceId = '' } = steps[0] ?? {};
  const own = await read(id, { instanceId });
  assert.ok(own.lines.length >= 5 && own.lines.every((line) => line.instanceId === instanceId));
  const [{ id: deploymentId } = { id: '' }] = platform.query<{ id: string }>(
    `select id from deployments where application_id = '${id}'`,
  );
  assert.equal((await platform.grid(['restart', '--app', id])).code, 0);
  assert.equal((await read(id, { filter: 'step' })).lines.length, 20);
  const former = await read(id, { filter: 'step', deploymentId });
  const ids = (lines: readonly Line[]) => lines.map(({ instanceId: of = '' }) => of).toSorted();
  assert.deepEqual(ids(former.lines), ids(steps));
  const two = await read(id, { limit: '2', filter: 'step' });
  assert.equal(two.lines.length, 2);
  assert.equal(two.end, '{"endedBy":"LIMIT_REACHED"}');
  const future = new Date(Date.now() + 3_600_000).toISOString();
  assert.equal((await read(id, { since: future })).lines.length, 0);
  assert.equal((await read(id, { until: new Date(0).toISOString() })).lines.length, 0);
});

test('what cannot be asked for is refused before the stream begins', async () => {
  const { id } = await runner('print(1)\n');
  const other = 'deployment_11111111-1111-4111-8111-111111111111';
  const wrong: [Query, number][] = [
    [{ deploymentId: other }, 404],
    [{ deploymentId: 'x' }, 404],
    [{ limit: '0' }, 400],
    [{ since: 'yesterday' }, 400],
  ];
  for (const [query, status] of wrong) {
    const answer = await open(logPath(id, query));
    answer.destroy();
    assert.equal(answer.statusCode, status, JSON.stringify(query));
  }
});

test('a stream in which nothing happens says that it is there', async () => {
  const { id } = await runner('print(1)\n');
  let beats = 0;
  for await (const { event } of events(id)) {
    assert.equal(event, 'HEARTBEAT');
    beats += 1;
    if (beats === 2) break;
  }
});

test('a follower has the last line before anybody sees that the deployment is over', async () => {
  const { id, folder } = await runner('for n in range(20_000): print("line", n)\n');
  assert.equal((await platform.git(['push', 'grid', 'HEAD:master'], folder)).code, 0);
  const messages: string[] = [];
  const leaving = new AbortController();
  const following = (async () => {
    for await (const event of events(id)) {
      if (event.event === 'APPLICATION_LOG') messages.push(lineOf(event).message);
      if (leaving.signal.aborted) break;
    }
  })();
  const [row] = platform.query<{ id: string }>(
    `select id from deployments where application_id = '${id}'`,
  );
  const path = `/v2/organisations/${organizationId}/applications/${id}/deployments/${row?.id}`;
  await until('it is over', async () => {
    let text = '';
    for await (const part of (await open(path)) as AsyncIterable<Buffer>) text += part.toString();
    return (JSON.parse(text) as { state: string }).state === 'OK';
  });
  await until(
    'what was handed over has come',
    () => messages.some((text) => text.startsWith('run succeeded')),
    2_000,
  );
  assert.equal(messages.filter((text) => text.startsWith('line ')).length, 20_000);
  leaving.abort();
  await following;
});

test('a follower that does not read costs no memory', async (t) => {
  const main = 'import sys\nfor n in range(800): sys.stdout.write(("x" * 999 + "\\n") * 256)\n';
  const { id, deploy } = await runner(main);
  const stuck = await open(logPath(id));
  t.after(() => stuck.destroy());
  stuck.pause();
  const { pid } = JSON.parse(readFileSync(join(data, 'control.json'), 'utf8')) as { pid: number };
  const resident = (): number =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  const before = resident();
  assert.equal((await deploy()).code, 0);
  t.diagnostic(`200 MiB of output, ${Math.round(resident() - before)} MiB more memory`);
  assert.ok(resident() - before < 200);
});

test('what a build prints hides the values of variables', async () => {
  const env = ['SECRET=correct-horse-battery', 'CC_PRE_BUILD_HOOK=echo "it is $SECRET"; env'];
  const { id, deploy } = await runner('print("ran")\n', env);
  assert.equal((await deploy()).code, 0);
  const { lines } = await read(id);
  assert.ok(lines.some(({ message }) => message === 'it is ***'));
  assert.ok(!lines.some(({ message }) => message.includes('correct-horse-battery')));
});

test('what visitors asked of an application is in its access log', async (t) => {
  const folder = await platform.repository({ 'main.py': serverOf('hello') });
  const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];
  const id = await platform.create(folder, { type: 'ml_python_web', env });
  t.after(() => platform.grid(['stop', '--app', id]));
  assert.equal((await platform.grid(['deploy'], { folder })).code, 0);
  await until('it answers', async () => (await platform.visit(hostOf(id), '/a')).status === 200);
  assert.equal((await platform.visit(hostOf(id), '/b?c="d"')).status, 200);
  const read = (args: string[]) => platform.grid(['accesslogs', '--app', id, ...args]);
  await until('both are written', async () => (await read([])).out.includes('/b?c="d"'));
  const { out } = await read(['--format', 'json']);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Access);
  assert.ok(lines.length >= 2);
  assert.equal(lines[0]?.http.request.path, '/a');
  assert.equal(lines.at(-1)?.http.request.path, '/b?c="d"');
});

test('a deleted application leaves nothing behind', async () => {
  const { id, folder } = await runner('import time\nprint("up", flush=True)\ntime.sleep(600)\n');
  assert.equal((await platform.git(['push', 'grid', 'HEAD:master'], folder)).code, 0);
  for await (const event of events(id))
    if (event.event === 'APPLICATION_LOG' && lineOf(event).message === 'up') break;
  const artifacts = platform.query<{ id: string }>(
    `select id from artifacts where application_id = '${id}'`,
  );
  assert.equal(artifacts.length, 1);
  const traces = (): string[] => [
    ...globSync(`{repositories,logs,caches/*,router/access}/${id}*`, { cwd: data }),
    ...artifacts.filter((one) => existsSync(join(data, 'artifacts', one.id))).map((one) => one.id),
  ];
  assert.ok(traces().length >= 3, traces().join());
  const deleted = await platform.grid(['app', 'delete', id, '--yes'], { folder });
  assert.equal(deleted.code, 0, deleted.out);
  await until(
    'it is erased',
    () => platform.query(`select id from applications where id = '${id}'`).length === 0,
  );
  assert.deepEqual(traces(), []);
});
