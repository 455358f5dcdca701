import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { hostOf, openPlatform, serverOf, until } from './platform.ts';
import type { Files } from './platform.ts';

const platform = await openPlatform();
after(() => platform.end());

const MAIN = 'CC_MLPYTHON_RUN_MAIN=main.py';
/** Says that it runs, and goes on until it is ended. */
const ENDLESS = 'import time\nprint("up", flush=True)\ntime.sleep(600)\n';

type Row = { status: string };

async function open(
  files: Files,
  options: { type?: string; env?: string[]; args?: string[] } = {},
) {
  const folder = await platform.repository(files);
  const id = await platform.create(folder, { type: 'ml_python', env: [MAIN], ...options });
  const path = `/v2/organisations/${platform.organizationId}/applications/${id}`;
  return {
    id,
    folder,
    path,
    host: hostOf(id),
    deploy: () => platform.grid(['deploy'], { folder }),
    /** Pushes another version; its deployment's row is there afterwards. */
    async push(main: string): Promise<void> {
      writeFileSync(join(folder, 'main.py'), main);
      await platform.git(
        ['commit', '--all', '--quiet', '--allow-empty', '--message', 'next'],
        folder,
      );
      const { code, out } = await platform.git(['push', 'grid', 'HEAD:master'], folder);
      assert.equal(code, 0, out);
    },
    cancel: (number: number) => platform.ask('DELETE', `${path}/deployments/${number}/instances`),
    statuses: () =>
      platform
        .query<Row>(`select status from deployments where application_id = '${id}' order by number`)
        .map(({ status }) => status),
    /** Waits until its deployments, the first first, have these statuses. */
    reach(...wanted: string[]): Promise<void> {
      const now = () => this.statuses().join(' ');
      return until(wanted.join(' '), () => now() === wanted.join(' ')).catch(() =>
        assert.equal(now(), wanted.join(' ')),
      );
    },
    present: () =>
      platform.query(`select id from workloads where application_id = '${id}' and state != 'gone'`)
        .length,
  };
}

suite('what is started', { concurrency: 3 }, () => {
  test('CC_RUN_COMMAND wins over a script, a script over a file, and a line says so', async () => {
    const files = {
      'main.py': 'print("by the file")\n',
      'start.sh': { text: '#!/bin/sh\necho by the script\n', mode: 0o755 },
    };
    const env = [MAIN, 'CC_MLPYTHON_START_SCRIPT=./start.sh'];
    const all = await open(files, { env: [...env, 'CC_RUN_COMMAND=echo by the "$0" command'] });
    const command = await all.deploy();
    assert.equal(command.code, 0, command.out);
    assert.match(
      command.out,
      /CC_RUN_COMMAND wins over CC_MLPYTHON_START_SCRIPT and CC_MLPYTHON_RUN_MAIN\.[\s\S]*by the \S* command/,
    );
    assert.doesNotMatch(command.out, /by the (script|file)/);
    const script = await (await open(files, { env })).deploy();
    assert.match(
      script.out,
      /CC_MLPYTHON_START_SCRIPT wins over CC_MLPYTHON_RUN_MAIN\.[\s\S]*by the script/,
    );
  });

  test('a script without a shebang is bash’s, and APP_FOLDER is its root', async () => {
    const text = 'parts=(one two)\n[[ -e data ]] && echo "${parts[1]} in ${PWD##*/}"\n';
    const files = { 'ml/start.sh': { text, mode: 0o755 }, 'ml/data': '' };
    const env = ['CC_MLPYTHON_START_SCRIPT=start.sh', 'APP_FOLDER=ml/'];
    const { code, out } = await (await open(files, { env })).deploy();
    assert.equal(code, 0, out);
    assert.match(out, /two in ml/);
  });

  test('an unknown Python version is replaced with a warning', async () => {
    const { code, out } = await (
      await open({ 'main.py': 'print("ran")\n' }, { env: [MAIN, 'PYTHON_VERSION=3.99'] })
    ).deploy();
    assert.equal(code, 0, out);
    assert.match(out, /3\.99[\s\S]*Using Python 3\.\d+\.\d+[\s\S]*ran/);
  });
});

suite('deployments of an application', () => {
  test('one that is being built, or does not serve yet, is cancelled, and the former goes on', async () => {
    const env = [MAIN, 'CC_POST_BUILD_HOOK=[ ! -e slow ] || sleep 600'];
    const application = await open({ 'main.py': serverOf('one') }, { type: 'ml_python_web', env });
    assert.equal((await application.deploy()).code, 0);
    writeFileSync(join(application.folder, 'slow'), '');
    await platform.git(['add', '--all'], application.folder);
    await application.push(serverOf('two'));
    await application.reach('live', 'building');
    await until('its hook runs', () => application.present() === 2);
    await application.cancel(2);
    await application.reach('live', 'cancelled');
    await platform.git(['rm', '--quiet', '--cached', 'slow'], application.folder);
    await application.push(ENDLESS);
    await application.reach('live', 'cancelled', 'starting');
    await application.cancel(3);
    await application.reach('live', 'cancelled', 'cancelled');
    await until('only what serves is left', () => application.present() === 1);
    assert.equal((await platform.visit(application.host)).body, 'one');
  });
});

/** Answers with the number of its instance. */
const NUMBERED = `
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.environ['INSTANCE_NUMBER'] + ' of ' + os.environ['VERSION']).encode()
        self.send_response(200); self.send_header('content-length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('0.0.0.0', 8080), Handler).serve_forever()
`;

suite('a Webapp', () => {
  test('of several nodes serves by all of them, and at once by as many as it is given', async () => {
    const env = [MAIN, 'VERSION=one'];
    const args = ['--nodes', '3', '--flavor', 'pico'];
    const application = await open({ 'main.py': NUMBERED }, { type: 'ml_python_web', env, args });
    const answers = async (): Promise<string[]> => {
      const visits = Array.from({ length: 30 }, () => platform.visit(application.host));
      return [...new Set((await Promise.all(visits)).map(({ body }) => body))].toSorted();
    };
    const { code, out } = await application.deploy();
    assert.equal(code, 0, out);
    assert.deepEqual(await answers(), ['0 of one', '1 of one', '2 of one']);

    await platform.ask('PUT', application.path, { minInstances: 2, maxInstances: 2 });
    await until(
      'fewer instances serve',
      async () => (await answers()).join() === '0 of one,1 of one',
    );
    await platform.grid(['env', 'set', 'VERSION=two'], { folder: application.folder });
    assert.equal((await platform.grid(['restart'], { folder: application.folder })).code, 0);
    await until(
      'the new version serves',
      async () => (await answers()).join() === '0 of two,1 of two',
    );
    await until('the former is gone', () => application.present() === 1);
    const minutes = platform.query<{ instances: number }>(
      `select count(distinct subject_id || '/' || instance_number) as instances from usage_intervals where application_id = '${application.id}'`,
    );
    assert.deepEqual(
      minutes.map(({ instances }) => instances),
      [7],
    );
  });
});
