import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { hostOf, openPlatform, serverOf } from './platform.ts';

const platform = await openPlatform({ GRID_ISOLATION: 'none' });
after(() => platform.end());

const env = ['CC_MLPYTHON_RUN_MAIN=main.py'];

async function deploy(main: string, more: string[] = [], files: Record<string, string> = {}) {
  const folder = await platform.repository({ 'main.py': main, ...files });
  const id = await platform.create(folder, { type: 'ml_python_web', env: [...env, ...more] });
  return { id, ...(await platform.grid(['deploy'], { folder })) };
}

/** Another address than 127.0.0.1 keeps out of the way of whatever else has the port. */
const ignoresPort = (address: string): string =>
  `import http.server\nhttp.server.HTTPServer(("${address}", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()\n`;

/** Goes on in a process that nobody below the instance's own is the parent of. */
const IN_BACKGROUND = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0: os._exit(0)
    exec(${JSON.stringify(ignoresPort('127.0.8.81'))})
time.sleep(600)
`;

suite('without namespaces', { concurrency: 2 }, () => {
  test('a Webapp serves on the port that it is given, several beside each other', async () => {
    const apps = await Promise.all(['one', 'two'].map((text) => deploy(serverOf(text))));
    for (const [index, { id, code, out }] of apps.entries()) {
      assert.equal(code, 0, out);
      assert.equal((await platform.visit(hostOf(id))).body, ['one', 'two'][index]);
    }
  });

  test('programs of packages are found, wherever the packages are by then', async () => {
    const runs = 'import subprocess\nsubprocess.run(["pip", "--version"], check=True)\n';
    const list = { 'requirements.txt': 'wheel\n' };
    const hook = ['CC_POST_BUILD_HOOK=pip --version && wheel version'];
    const { code, out } = await deploy(runs + serverOf('here'), hook, list);
    assert.equal(code, 0, out);
  });

  const mains = {
    'one that listens': ignoresPort('127.0.8.80'),
    'what it leaves there': IN_BACKGROUND,
  };
  for (const [what, main] of Object.entries(mains))
    test(`${what} on 8080 all the same is ended, and told why`, async () => {
      const { code, out } = await deploy(main, ['PORT=8080']);
      assert.equal(code, 1, out);
      assert.match(
        out,
        /wrong_port: it listens on 8080, .* must listen on the port that the PORT variable names/,
      );
    });

  test('no second organization is let in', async () => {
    const asked = platform.ask('POST', '/grid/v1/organizations', { name: 'Other' });
    await assert.rejects(asked, /409 .*not isolated from each other/);
  });
});
