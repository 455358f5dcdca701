import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPlatform, until } from './platform.ts';
import type { Files } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

type Case = { files: Files; env?: string[]; type?: string; args?: string[]; says: RegExp };

const MAIN = 'CC_MLPYTHON_RUN_MAIN=main.py';

const cases: Record<string, Case> = {
  'nothing that says what to start': {
    files: { a: '' },
    env: [],
    says: /set CC_MLPYTHON_RUN_MAIN/,
  },
  'a missing main file': {
    files: { a: '' },
    says: /CC_MLPYTHON_RUN_MAIN=main.py: there is no such file/,
  },
  'a path out of the repository': {
    files: { a: '' },
    env: ['CC_MLPYTHON_RUN_MAIN=../x.py'],
    says: /stay inside/,
  },
  'a script without the executable bit': {
    files: { 'start.sh': 'echo hi\n' },
    env: ['CC_MLPYTHON_START_SCRIPT=start.sh'],
    says: /chmod \+x start.sh/,
  },
  'a link out of the tree': {
    files: { 'main.py': '', evil: { link: '/etc/passwd' } },
    says: /evil is a symbolic link/,
  },
  'requirements that cannot be read': {
    files: { 'main.py': '', 'requirements.txt': '???\n' },
    says: /dependencies could not be installed/,
  },
  'more memory than its flavor has': {
    files: { 'main.py': 'x = bytearray(600 << 20)\nprint(len(x))\n' },
    args: ['--flavor', 'pico'],
    says: /memory_limit/,
  },
  'a fork bomb': {
    files: { 'main.py': 'import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60)\n' },
    says: /process_limit|Resource temporarily unavailable|BlockingIOError/,
  },
  'a Webapp that never listens': {
    files: { 'main.py': 'import time\ntime.sleep(100)\n' },
    type: 'ml_python_web',
    env: [MAIN, 'CG_START_TIMEOUT=5'],
    says: /Nothing listened on 0.0.0.0:8080 in time/,
  },
  'a Webapp that listens on 127.0.0.1': {
    files: {
      'main.py':
        'import http.server\nhttp.server.HTTPServer(("127.0.0.1", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()\n',
    },
    type: 'ml_python_web',
    env: [MAIN, 'CG_START_TIMEOUT=5'],
    says: /not 127.0.0.1/,
  },
  'a health check that answers 500': {
    files: {
      'main.py':
        'import http.server\nclass H(http.server.BaseHTTPRequestHandler):\n    def do_GET(self): self.send_error(500)\nhttp.server.HTTPServer(("0.0.0.0", 8080), H).serve_forever()\n',
    },
    type: 'ml_python_web',
    env: [MAIN, 'CG_START_TIMEOUT=5', 'CC_HEALTH_CHECK_PATH=/ok'],
    says: /GET \/ok 500/,
  },
};

for (const [name, { files, env = [MAIN], type = 'ml_python', args = [], says }] of Object.entries(
  cases,
))
  test(`${name} ends with a clear reason in the deployment's log`, async () => {
    const folder = await platform.repository(files);
    await platform.create(folder, { type, env, args });
    const { code, out } = await platform.grid(['deploy'], { folder });
    assert.equal(code, 1, out);
    assert.match(out, says);
  });

test('an application that ignores TERM is killed when its grace is over', async () => {
  const main =
    'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("up", flush=True)\ntime.sleep(600)\n';
  const folder = await platform.repository({ 'main.py': main });
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN] });
  const deploying = platform.grid(['deploy'], { folder });
  const count = () =>
    platform.query(`select id from instances where application_id = '${id}' and status = 'healthy'`)
      .length;
  await until('the run computes', () => count() === 1);
  await platform.grid(['stop'], { folder });
  assert.equal((await deploying).code, 1);
  await until(
    'nothing of it is left',
    () =>
      platform.query(`select id from workloads where application_id = '${id}' and state != 'gone'`)
        .length === 0,
  );
});

test('folders that are closed, or nested deeper than a path can say, are removed with their instance', async () => {
  const main = `
import os
os.makedirs('closed/inner')
os.chmod('closed', 0)
os.mkdir('deep')
os.chdir('deep')
for _ in range(3000):
    os.mkdir('x' * 20)
    os.chdir('x' * 20)
`;
  const folder = await platform.repository({ 'main.py': main });
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN] });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  const instances = platform.query<{ id: string }>(
    `select id from instances where application_id = '${id}'`,
  );
  assert.equal(instances.length, 1);
  await until('nothing of it is left', () =>
    instances.every((one) => !existsSync(join(platform.data, 'engine', 'instances', one.id))),
  );
});

test('100 MB of output are kept, and the platform stays well', async () => {
  const main =
    'import sys\nfor n in range(100):\n    sys.stdout.write(("x" * 99 + "\\n") * 10_000)\nprint("the end")\n';
  const folder = await platform.repository({ 'main.py': main });
  await platform.create(folder, { type: 'ml_python', env: [MAIN] });
  await platform.git(['push', 'grid', 'HEAD:master'], folder);
  await until('the run is over', async () => {
    const { out } = await platform.grid(['activity', '--format', 'json'], { folder });
    return (JSON.parse(out) as { status: string }[])[0]?.status === 'completed';
  });
  const { out } = await platform.grid(['logs', '--search', 'the end'], { folder });
  assert.match(out, /the end/);
});

test('names, domains and variables are refused with the field and the rule', async () => {
  const folder = await platform.repository({ a: '' });
  const long = await platform.grid(
    ['app', 'create', 'x'.repeat(200), '--type', 'ml_python', '--no-remote'],
    { folder },
  );
  assert.equal(long.code, 3);
  assert.match(long.out, /1 to 128/);
  const huge = await platform.grid(
    [
      'app',
      'create',
      'big',
      '--type',
      'ml_python',
      '--flavor',
      '3XL',
      '--nodes',
      '40',
      '--no-remote',
    ],
    { folder },
  );
  assert.equal(huge.code, 3);
  assert.match(huge.out, /never fits/);
  await platform.create(folder, { type: 'ml_python' });
  const bad = await platform.grid(['env', 'set', 'A B=1'], { folder });
  assert.equal(bad.code, 3);
  assert.match(bad.out, /cannot be the name of a variable/);
});

/** All that is answered to these requests on one connection, until it ends. */
const answersTo = (requests: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answered = '';
    const socket = connect(platform.port(), '127.0.0.1', () => socket.write(requests));
    socket.on('data', (part) => (answered += part.toString('utf8')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answered));
  });

test('what follows a request for another protocol is not taken for the operator’s', async () => {
  const body = JSON.stringify({ email: 'ada@example.com' });
  const signIn = [
    'POST /grid/v1/sign-in HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ];
  const asOperator = `${signIn.join('\r\n')}\r\n\r\n${body}`;
  for (const protocol of ['h2c', 'websocket', 'anything']) {
    const first = `GET /grid/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    const answered = await answersTo(first + asOperator);
    assert.match(answered, /^HTTP\/1\.1 4\d\d /);
    assert.doesNotMatch(answered, /secret/);
  }
});
