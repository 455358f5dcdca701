import assert from 'node:assert/strict';
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  readFileSync,
  statSync,
  statfsSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { openPlatform, until } from './platform.ts';
import type { Files } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

type Case = {
  files: Files;
  env?: string[];
  type?: string;
  args?: string[];
  says: RegExp;
  needs?: { there: boolean; what: string };
};

const MAIN = 'CC_MLPYTHON_RUN_MAIN=main.py';
const START = 'CC_MLPYTHON_START_SCRIPT=start.sh';

/** What a repository can lack, by what its variables say. */
const repositories: Record<string, Case> = {
  'nothing that says what to start': {
    files: { a: '' },
    env: [],
    says: /set CC_MLPYTHON_RUN_MAIN/,
  },
  'a missing main file': {
    files: { a: '' },
    says: /CC_MLPYTHON_RUN_MAIN=main.py: there is no such file/,
  },
  'a missing script': {
    files: { a: '' },
    env: [START],
    says: /CC_MLPYTHON_START_SCRIPT=start.sh: there is no such file/,
  },
  'a main file that is a folder': {
    files: { a: '' },
    env: ['CC_MLPYTHON_RUN_MAIN=.'],
    says: /CC_MLPYTHON_RUN_MAIN=. is not a file/,
  },
  'a path out of the repository': {
    files: { a: '' },
    env: ['CC_MLPYTHON_RUN_MAIN=../x.py'],
    says: /CC_MLPYTHON_RUN_MAIN=..\/x.py: the path must be relative .* and stay inside/,
  },
  'an absolute path': {
    files: { 'main.py': '' },
    env: ['CC_MLPYTHON_START_SCRIPT=/main.py'],
    says: /CC_MLPYTHON_START_SCRIPT=\/main.py: the path must be relative/,
  },
  'a main file that is not in APP_FOLDER': {
    files: { 'main.py': '', 'train/other.py': '' },
    env: [MAIN, 'APP_FOLDER=train'],
    says: /CC_MLPYTHON_RUN_MAIN=main.py: there is no such file/,
  },
  'an APP_FOLDER that is not there': {
    files: { 'main.py': '' },
    env: ['CC_RUN_COMMAND=true', 'APP_FOLDER=train'],
    says: /APP_FOLDER=train: there is no such folder/,
  },
  'an APP_FOLDER out of the repository': {
    files: { 'main.py': '' },
    env: [MAIN, 'APP_FOLDER=../other'],
    says: /APP_FOLDER=..\/other: the path must be relative/,
  },
  'a script without the executable bit': {
    files: { 'start.sh': 'echo hi\n' },
    env: [START],
    says: /chmod \+x start.sh/,
  },
  'a main file that is a link out of the repository': {
    files: { 'main.py': { link: '/etc/passwd' } },
    env: [MAIN],
    says: /CC_MLPYTHON_RUN_MAIN=main.py: a symbolic link on the way to it leads out/,
  },
  'requirements that cannot be read': {
    files: { 'main.py': '', 'requirements.txt': '???\n' },
    says: /dependencies could not be installed/,
  },
  'a package that does not exist': {
    files: { 'main.py': '', 'requirements.txt': 'clever-grid-has-no-such-package==1\n' },
    says: /clever-grid-has-no-such-package[\s\S]*dependencies could not be installed/,
  },
  'a file of requirements that is not there': {
    files: { 'main.py': '' },
    env: [MAIN, 'CC_PIP_REQUIREMENTS_FILE=config/none.txt'],
    says: /CC_PIP_REQUIREMENTS_FILE=config\/none.txt: there is no such file/,
  },
};

const NEVER_READY = 'CG_START_TIMEOUT=5';
const web = { type: 'ml_python_web' };

const canCountProcesses = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].some((path) => {
  try {
    accessSync(join(path, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
});

/** What a program can do to its instance. */
const programs: Record<string, Case> = {
  'more memory than its flavor has': {
    files: { 'main.py': 'x = bytearray(600 << 20)\nprint(len(x))\n' },
    args: ['--flavor', 'pico'],
    says: /memory_limit/,
  },
  'a fork bomb': {
    files: { 'main.py': 'import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60)\n' },
    says: /^failed: process_limit: it wanted more than 2048 processes\.$/m,
    needs: { there: canCountProcesses, what: 'control groups that can be written' },
  },
  'a Webapp that never listens': {
    ...web,
    files: { 'main.py': 'import time\ntime.sleep(100)\n' },
    env: [MAIN, NEVER_READY],
    says: /Nothing listened on 0.0.0.0:8080 in time/,
  },
  'a Webapp that listens on 127.0.0.1': {
    ...web,
    files: {
      'main.py':
        'import http.server\nhttp.server.HTTPServer(("127.0.0.1", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()\n',
    },
    env: [MAIN, NEVER_READY],
    says: /not 127.0.0.1/,
  },
  'a health check that answers 500': {
    ...web,
    files: {
      'main.py':
        'import http.server\nclass H(http.server.BaseHTTPRequestHandler):\n    def do_GET(self): self.send_error(500)\nhttp.server.HTTPServer(("0.0.0.0", 8080), H).serve_forever()\n',
    },
    env: [MAIN, NEVER_READY, 'CC_HEALTH_CHECK_PATH=/ok'],
    says: /GET \/ok 500/,
  },
};

/** More at once would only wait for a processor. */
suite('what cannot work ends with a clear reason in its own log', { concurrency: 4 }, () => {
  test('an application that ignores TERM is killed when its grace is over', async () => {
    const main =
      'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("up", flush=True)\ntime.sleep(600)\n';
    const folder = await platform.repository({ 'main.py': main });
    const id = await platform.create(folder, { type: 'ml_python', env: [MAIN] });
    const deploying = platform.grid(['deploy'], { folder });
    const count = () =>
      platform.query(
        `select id from instances where application_id = '${id}' and status = 'healthy'`,
      ).length;
    await until('the run computes', () => count() === 1);
    await platform.grid(['stop'], { folder });
    assert.equal((await deploying).code, 1);
    await until(
      'nothing of it is left',
      () =>
        platform.query(
          `select id from workloads where application_id = '${id}' and state != 'gone'`,
        ).length === 0,
    );
    const { out } = await platform.grid(['logs'], { folder });
    assert.match(out, /went on for \d+ s after it was asked to end \(TERM\), and was killed/);
  });

  for (const [name, one] of Object.entries({ ...repositories, ...programs }))
    test(name, async (t) => {
      const { files, env = [MAIN], type = 'ml_python', args = [], says, needs } = one;
      if (needs !== undefined && !need(t, needs.there, needs.what)) return;
      const folder = await platform.repository(files);
      await platform.create(folder, { type, env, args });
      const { code, out } = await platform.grid(['deploy'], { folder });
      assert.equal(code, 1, out);
      assert.match(out, says);
    });
});

const GIB = 1024 ** 3;
const fill =
  'import os, time\nfile = open("data", "wb")\n$os.posix_fallocate(file.fileno(), 0, 11 << 30)\ntime.sleep(60)\n';

for (const [name, main] of Object.entries({
  'a file': fill.replace('$', ''),
  'a file that has no name any more': fill.replace('$', 'os.unlink("data")\n'),
}))
  test(`an application that fills its disk with ${name} is ended`, async (t) => {
    const { bavail, bsize } = statfsSync(platform.data);
    if (!need(t, bavail * bsize > 16 * GIB, '16 GiB of free disk')) return;
    const folder = await platform.repository({ 'main.py': main });
    await platform.create(folder, { type: 'ml_python', env: [MAIN] });
    const { code, out } = await platform.grid(['deploy'], { folder });
    assert.equal(code, 1, out);
    assert.match(out, /disk_full: it wrote more than its 10240 MiB of disk/);
  });

test('folders that are closed, or nested deeper than a path can say, end and go with their instance', async () => {
  const main = `
import os, time
os.makedirs('closed/inner')
os.chmod('closed', 0)
os.mkdir('deep')
os.chdir('deep')
for _ in range(3000):
    os.mkdir('x' * 20)
    os.chdir('x' * 20)
time.sleep(60)
`;
  const folder = await platform.repository({ 'main.py': main });
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN] });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 1, out);
  assert.match(out, /disk_full: its folders are nested deeper/);
  const instances = platform.query<{ id: string }>(
    `select id from instances where application_id = '${id}'`,
  );
  assert.equal(instances.length, 1);
  await until('nothing of it is left', () =>
    instances.every((one) => !existsSync(join(platform.data, 'engine', 'instances', one.id))),
  );
});

test('1 GB of output is kept to its end, and the platform answers all the while', async () => {
  const main =
    'import sys\nlines = ("x" * 99 + "\\n") * 100_000\nfor _ in range(100):\n    sys.stdout.write(lines)\nprint("the end")\n';
  const folder = await platform.repository({ 'main.py': main });
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN] });
  await platform.git(['push', 'grid', 'HEAD:master'], folder);
  await until('the run is over', async () => {
    assert.equal((await platform.visit('localhost', '/grid/v1/status')).status, 200);
    const over = `select id from runs where application_id = '${id}' and status = 'succeeded'`;
    return platform.query(over).length === 1;
  });
  const segments = globSync(`logs/${id}/*/*.log`, { cwd: platform.data }).map((path) =>
    join(platform.data, path),
  );
  const sizes = segments.map((path) => statSync(path).size);
  assert.ok(sizes.reduce((a, b) => a + b) > 1e9, String(sizes));
  assert.ok(segments.some((path) => readFileSync(path, 'latin1').endsWith('the end\n')));
});

test('names, domains and variables are refused with the field and the rule', async () => {
  const folder = await platform.repository({ a: '' });
  const create = (...args: string[]) =>
    platform.grid(['app', 'create', ...args, '--type', 'ml_python', '--no-remote'], { folder });
  const long = await create('x'.repeat(200));
  assert.equal(long.code, 3);
  assert.match(long.out, /1 to 128/);
  const huge = await create('big', '--flavor', '3XL', '--nodes', '40');
  assert.equal(huge.code, 3);
  assert.match(huge.out, /never fits/);
  const id = await platform.create(folder, { type: 'ml_python' });
  const domains = `/v2/organisations/${platform.organizationId}/applications/${id}/vhosts`;
  await assert.rejects(
    platform.ask('PUT', `${domains}/a_b.example.com`),
    /fqdn.*must be a host name/,
  );
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
    'Connection: close',
    `Content-Length: ${body.length}`,
  ];
  const asOperator = `${signIn.join('\r\n')}\r\n\r\n${body}`;
  for (const protocol of ['h2c', 'websocket', 'anything']) {
    const first = `GET /grid/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    const answered = await answersTo(first + asOperator);
    const [, ...behind] = [...answered.matchAll(/^HTTP\/1\.1 (\d)/gm)].map(([, status]) => status);
    assert.ok(
      behind.every((status) => status === '4'),
      `${protocol}: ${answered}`,
    );
    assert.doesNotMatch(answered, /secret/);
  }
});
