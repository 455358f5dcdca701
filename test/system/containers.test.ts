import assert from 'node:assert/strict';
import { test } from 'node:test';
import { need } from '../../packages/server/src/testing/need.ts';
import { assertKept, condaApplication } from './conda-application.ts';
import { containersOf, docker, openApplication, openScene } from './docker-scene.ts';
import type { Application, Scene } from './docker-scene.ts';
import { hasJava, jarOf } from './java-files.ts';
import { serverOf, until } from './platform.ts';

const IN_CONTAINERS = 'CG_ENGINE=docker';

/** How many containers of an application were ever started: what is over has none that `docker ps` shows. */
async function startsOf(scene: Scene, { id }: Application): Promise<number> {
  const wanted = ['type=container', 'event=start', `label=clever-grid.application=${id}`];
  const filters = wanted.flatMap((one) => ['--filter', one]);
  const now = String(Math.ceil(Date.now() / 1000));
  const times = ['--since', '1', '--until', now, '--format', '{{.ID}}'];
  const said = await docker(scene, 'events', ...times, ...filters);
  return said.split('\n').filter((one) => one !== '').length;
}

type Usage = { applications: { applicationId: string; minutes: number }[] };

async function minutesOf({ platform }: Scene, { id }: Application): Promise<number | undefined> {
  const { out } = await platform.grid(['usage', '--format', 'json']);
  const { applications } = JSON.parse(out) as Usage;
  return applications.find(({ applicationId }) => applicationId === id)?.minutes;
}

test('a Python Runner is installed once, run in a container that goes, logged and billed', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const says = (what: string) => `import six, sys\nprint("${what}", six.PY3)\nsys.exit(0)\n`;
  const files = { 'requirements.txt': 'six\n', 'train.py': says('one') };
  const env = [IN_CONTAINERS, 'CC_MLPYTHON_RUN_MAIN=./train.py'];
  const app = await openApplication(scene, files, { type: 'ml_python', env });
  const first = await app.deploy();
  assert.equal(first.code, 0, first.out);
  assert.match(first.out, /one True[\s\S]*run succeeded in/);
  assert.equal(app.builds(), 1);
  assert.equal(await startsOf(scene, app), 2, 'what installs is a container, as what runs is');
  await until('its container is gone', async () => (await containersOf(scene, app)).length === 0);
  assert.equal(await minutesOf(scene, app), 1);

  await app.change({ 'train.py': says('two').replace('exit(0)', 'exit(3)') });
  const second = await app.deploy();
  assert.equal(second.code, 1, second.out);
  assert.match(second.out, /two True[\s\S]*exit code 3/);
  assert.equal(app.builds(), 1, 'nothing was installed again');
  assert.equal(await startsOf(scene, app), 3);
  assert.equal(await minutesOf(scene, app), 2);
});

/** Answers with what it was given. */
const SERVE = `
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
public class Serve {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    byte[] body = (System.getProperty("greeting.text") + " " + String.join("|", args)).getBytes();
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
`;

test('a Java Webapp serves from a container, with its arguments and system properties', async (t) => {
  if (!need(t, hasJava, 'a Java development kit')) return;
  const scene = await openScene(t);
  if (scene === undefined) return;
  const jar = ['CC_JAR_PATH=app.jar', `CC_JAR_ARGS=one "two words" '$HOME'`];
  const env = [IN_CONTAINERS, ...jar, 'greeting.text=bonjour à tous'];
  const files = await jarOf('Serve', SERVE);
  const app = await openApplication(scene, files, { type: 'ml_java_web', env });
  const { code, out } = await app.deploy();
  assert.equal(code, 0, out);
  assert.equal((await app.visit()).body, 'bonjour à tous one|two words|$HOME');
  assert.equal((await containersOf(scene, app)).length, 1);
});

test('an environment that the post-build hook made is in the container of a restart', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const env = [IN_CONTAINERS, ...condaApplication.env];
  const app = await openApplication(scene, condaApplication.files, { type: 'ml_python', env });
  const cold = await app.deploy();
  const started = await startsOf(scene, app);
  assertKept(cold, await app.restart());
  assert.ok((await startsOf(scene, app)) > started);
});

const openServer = (scene: Scene, text: string, env: string[], args: string[] = []) =>
  openApplication(
    scene,
    { 'server.py': serverOf(text) },
    { type: 'ml_python_web', env: ['CC_MLPYTHON_RUN_MAIN=server.py', ...env], args },
  );

test('two nodes are two containers, restarted and rolled back without a build', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const env = [IN_CONTAINERS, 'CC_POST_BUILD_HOOK=true'];
  const app = await openServer(scene, 'one', env, ['--nodes', '2']);
  const first = await app.deploy();
  assert.equal(first.code, 0, first.out);
  const { out: head } = await scene.platform.git(['rev-parse', 'HEAD'], app.folder);
  const two = (former: string[]) =>
    until('two others run', async () => {
      const found = await containersOf(scene, app);
      return found.length === 2 && !found.some((one) => former.includes(one));
    });
  await two([]);
  const built = app.builds();
  const before = await containersOf(scene, app);
  assert.equal((await app.restart()).code, 0);
  await two(before);
  assert.equal(app.builds(), built, 'a restart builds nothing');
  assert.equal((await app.visit()).body, 'one');

  await app.change({ 'server.py': serverOf('two') });
  assert.equal((await app.deploy()).code, 0);
  assert.equal((await app.visit()).body, 'two');
  assert.equal(app.builds(), built + 1, 'the hook alone');
  const back = await scene.platform.grid(['restart', '--commit', head.trim()], app);
  assert.equal(back.code, 0, back.out);
  assert.equal((await app.visit()).body, 'one');
  assert.equal(app.builds(), built + 1, 'neither built again');
});

test('an engine that nobody has is refused with those that there are', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openServer(scene, 'never', ['CG_ENGINE=nothing']);
  const { code, out } = await app.deploy();
  assert.equal(code, 1, out);
  assert.match(out, /CG_ENGINE=nothing: there is no such engine; it may be process or docker\./);
  const [deployment] = app.deployments();
  assert.equal(deployment?.status, 'failed');
  assert.equal(deployment.reason, 'invalid_variable');
});

test('who moves to another engine is served without a gap', async (t) => {
  const scene = await openScene(t);
  if (scene === undefined) return;
  const app = await openServer(scene, 'one', []);
  assert.equal((await app.deploy()).code, 0);
  assert.deepEqual(await containersOf(scene, app), []);
  for (const [engine, text, containers] of [
    ['docker', 'two', 1],
    ['process', 'three', 0],
  ] as const) {
    await app.set(`CG_ENGINE=${engine}`);
    await app.change({ 'server.py': serverOf(text) });
    const { code, out } = await served(app, app.deploy());
    assert.equal(code, 0, out);
    assert.equal((await app.visit()).body, text);
    await until(
      `${containers} containers are left`,
      async () => (await containersOf(scene, app)).length === containers,
    );
  }
});

/** What the work comes to; each visit until then is answered. */
async function served<T>(app: Application, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const stop = () => over.abort();
  work.then(stop, stop);
  while (!over.signal.aborted) assert.equal((await app.visit()).status, 200);
  return work;
}
