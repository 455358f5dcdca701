import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRouter, hostOf, openPlatform, until } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());
const { data } = platform;

/** Answers with its version and how much it was sent; ends slowly when it is told to. */
const server = (version: string): string => `
import http.server, os, signal, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer()
    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.answer()
    def answer(self):
        body = b${JSON.stringify(version)}
        self.send_response(200); self.send_header('content-length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
def end(*_):
    time.sleep(1)
    os._exit(0)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end).start())
http.server.ThreadingHTTPServer(('0.0.0.0', 8080), Handler).serve_forever()
`;

const ids = (sql: string): string[] => platform.query<{ id: string }>(sql).map(({ id }) => id);

async function crash(): Promise<void> {
  platform.kill();
  await until('the control plane is dead', () => !platform.running());
}

/** An application whose versions are pushed one after the other. */
async function openApplication() {
  const folder = await platform.repository({ 'server.py': server('0') });
  const env = ['CC_MLPYTHON_RUN_MAIN=server.py'];
  const id = await platform.create(folder, { type: 'ml_python_web', env });
  const host = hostOf(id);
  return {
    id,
    folder,
    host,
    /** Pushes a version; its deployment's row is there afterwards. */
    async push(version: string): Promise<void> {
      writeFileSync(join(folder, 'server.py'), server(version));
      await platform.git(['commit', '--all', '--quiet', '--message', version], folder);
      const { code, out } = await platform.git(['push', 'grid', 'HEAD:master'], folder);
      assert.equal(code, 0, out);
    },
    serves: async (version: string): Promise<boolean> =>
      (await platform.visit(host)).body === version,
    seen: () => see(id),
  };
}

type Application = Awaited<ReturnType<typeof openApplication>>;

/** All that there is of an application, wherever it is written down. */
function see(id: string) {
  const of = `application_id = '${id}'`;
  const known = new Set(ids(`select id from instances where ${of}`));
  const { routes } = JSON.parse(readFileSync(join(data, 'router', 'routes.json'), 'utf8')) as {
    routes: { applicationId: string; upstreams: { instanceId: string }[] }[];
  };
  return {
    live: ids(`select id from deployments where ${of} and status = 'live'`),
    underWay: ids(
      `select id from deployments where ${of} and status not in ('live', 'superseded', 'completed')`,
    ),
    workloads: ids(`select id from workloads where ${of} and state != 'gone'`).length,
    running: ids(`select id from instances where ${of} and status != 'exited'`),
    healthy: ids(`select id from instances where ${of} and status = 'healthy'`),
    inEngine: readdirSync(join(data, 'engine', 'instances')).filter((one) => known.has(one)),
    routed: routes
      .filter((route) => route.applicationId === id)
      .flatMap(({ upstreams }) => upstreams.map(({ instanceId }) => instanceId)),
    billed: ids(`select instance_id as id from usage_intervals where ${of} and ended_at is null`),
    unbilled: ids(
      `select id from instances where ${of} and id not in (select instance_id from usage_intervals)`,
    ),
  };
}

/** Waits until the deployment of this number alone serves, and nothing else is left of any other. */
async function settles(application: Application, number: number): Promise<void> {
  const wanted = (): ReturnType<typeof see> => {
    const live = ids(
      `select id from deployments where application_id = '${application.id}' and number = ${number}`,
    );
    const one = ids(`select id from instances where subject_id = '${live[0]}'`);
    return {
      live,
      underWay: [],
      workloads: 1,
      running: one,
      healthy: one,
      inEngine: one,
      routed: one,
      billed: one,
      unbilled: [],
    };
  };
  const isSo = (): boolean => JSON.stringify(application.seen()) === JSON.stringify(wanted());
  await until('one version serves', isSo).catch(() =>
    assert.deepEqual(application.seen(), wanted()),
  );
}

/** What a new version leaves on its way; the control plane is killed as soon as it is there. */
const steps: Record<string, string> = {
  'is queued': `select id from deployments where $`,
  'has its artifact': `select id from deployments where $ and artifact_id is not null`,
  'has its instance asked for': `select i.id from instances i join deployments d on d.id = i.subject_id where $`,
  starts: `select i.id from instances i join deployments d on d.id = i.subject_id where $ and i.started_at is not null`,
  'is healthy': `select i.id from instances i join deployments d on d.id = i.subject_id where $ and i.healthy_at is not null`,
  'is live': `select id from deployments where $ and status = 'live'`,
};

const serving = await openApplication();
await serving.push('version 1');
await until('the first version serves', () => serving.serves('version 1'));

for (const [index, [name, rows]] of Object.entries(steps).entries())
  test(`killed when a new version ${name}, it is the one that serves in the end, once`, async () => {
    const number = index + 2;
    const alias = rows.includes(' d ') ? 'd.' : '';
    const these = `${alias}application_id = '${serving.id}' and ${alias}number = ${number}`;
    const pushing = serving.push(`version ${number}`).catch(() => undefined);
    await until(name, () => ids(rows.replace('$', these)).length > 0);
    await crash();
    await pushing;
    const meanwhile = await platform.visit(serving.host);
    assert.match(meanwhile.body, new RegExp(`^version (${number - 1}|${number})$`));
    await platform.start();
    await settles(serving, number);
    assert.ok(await serving.serves(`version ${number}`));
  });

/** The next number and version of the application that serves. */
const next = (): { number: number; version: string } => {
  const [{ last } = { last: 0 }] = platform.query<{ last: number }>(
    `select max(number) as last from deployments where application_id = '${serving.id}'`,
  );
  return { number: last + 1, version: `version ${last + 1}` };
};

test('killed when a new version is live and no visitor is sent to it yet, visitors are', async (t) => {
  const { number, version } = next();
  const { pid: router } = await findRouter(data);
  t.after(() => process.kill(router, 'SIGCONT'));
  const before = serving.seen().routed;
  await serving.push(version);
  process.kill(router, 'SIGSTOP');
  const live = `application_id = '${serving.id}' and number = ${number} and status = 'live'`;
  await until('it is live', () => ids(`select id from deployments where ${live}`).length === 1);
  assert.deepEqual(serving.seen().routed, before);
  await crash();
  process.kill(router, 'SIGCONT');
  assert.ok(await serving.serves(`version ${number - 1}`), 'the former version is still there');
  await platform.start();
  await settles(serving, number);
  assert.ok(await serving.serves(version));
});

/** A request that is under way until its body is complete. */
function visitSlowly(host: string) {
  const headers = { host, 'content-length': 2 };
  const port = platform.port();
  const asked = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
  const answer = new Promise<string>((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString('utf8')));
      response.on('end', () => resolve(body));
    });
  });
  asked.write('1');
  return { finish: () => asked.end('2'), answer };
}

test('killed while the former version drains, its visitors are answered and then it goes', async () => {
  const { number, version } = next();
  const slow = visitSlowly(serving.host);
  await serving.push(version);
  const draining = `select id from workloads where application_id = '${serving.id}' and draining_at is not null and state != 'gone'`;
  await until('the former version drains', () => ids(draining).length === 1);
  await crash();
  assert.ok(await serving.serves(version));
  await platform.start();
  await until('the routes are looked at', () => serving.seen().routed.length === 1);
  assert.equal(ids(draining).length, 1, 'a request is under way at the former version');
  slow.finish();
  assert.equal(await slow.answer, `version ${number - 1}`);
  await settles(serving, number);
});

const NOTHING = {
  live: [],
  underWay: [],
  workloads: 0,
  running: [],
  healthy: [],
  inEngine: [],
  routed: [],
  billed: [],
  unbilled: [],
};

async function untilNothingRuns(id: string): Promise<void> {
  const isSo = (): boolean => JSON.stringify(see(id)) === JSON.stringify(NOTHING);
  await until('nothing of it is left', isSo).catch(() => assert.deepEqual(see(id), NOTHING));
}

/** Its instance is told to end, and takes a second for it. */
const ending = (id: string): string =>
  `select id from workloads where application_id = '${id}' and wanted = 'gone' and state != 'gone'`;

test('killed while it is being stopped, the application is stopped', async () => {
  assert.equal((await platform.grid(['stop'], { folder: serving.folder })).code, 0);
  await until('it ends', () => ids(ending(serving.id)).length === 1);
  await crash();
  await platform.start();
  await untilNothingRuns(serving.id);
  assert.equal((await platform.visit(serving.host)).status, 503);
  const stops = `select id from deployments where application_id = '${serving.id}' and action = 'UNDEPLOY'`;
  assert.equal(ids(stops).length, 1);
});

test('killed while it is being deleted, the application and its files are gone', async () => {
  const deleted = await openApplication();
  await deleted.push('version 1');
  await until('it serves', () => deleted.serves('version 1'));
  const instances = deleted.seen().running;
  const { code, out } = await platform.grid(['app', 'delete', deleted.id, '--yes']);
  assert.equal(code, 0, out);
  await until('it ends', () => ids(ending(deleted.id)).length === 1);
  await crash();
  assert.ok(existsSync(join(data, 'repositories', `${deleted.id}.git`)));
  await platform.start();
  await until(
    'its row is gone',
    () => ids(`select id from applications where id = '${deleted.id}'`).length === 0,
  );
  assert.deepEqual(see(deleted.id), NOTHING);
  const left = readdirSync(join(data, 'engine', 'instances'));
  assert.ok(instances.length === 1 && !left.some((one) => instances.includes(one)));
  assert.equal((await platform.visit(deleted.host)).status, 404);
  assert.deepEqual(
    globSync(`{repositories,logs,caches/*,router/access}/${deleted.id}*`, { cwd: data }),
    [],
  );
  const open = `select instance_id as id from usage_intervals where application_id = '${deleted.id}'`;
  assert.equal(ids(open).length, 1, 'what it used stays on the bill');
  assert.deepEqual(ids(`${open} and ended_at is null`), []);
});
