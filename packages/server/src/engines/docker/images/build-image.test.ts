import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId } from '../../../lib/ids.ts';
import { Unavailable } from '../../../lib/unavailable.ts';
import { BUSYBOX, closeDocker } from '../../../testing/docker.ts';
import {
  builders,
  failureOf,
  never,
  openBuild,
  removeImage,
  withMakes,
} from '../../../testing/image-build.ts';
import { serveRegistry } from '../../../testing/registry.ts';
import { until } from '../../../testing/until.ts';
import type { RegistryLogin } from '../../../workloads/engine.ts';
import { buildImage } from './build-image.ts';
import type { BuildOrder } from './build-image.ts';
import { hasBuildKit } from './choose-builder.ts';
import { createDockerClient } from '../client.ts';

after(closeDocker);

for (const builder of builders) {
  test(`${builder}: an image is built with arguments, labels and what its steps print`, async (t) => {
    const greeting = randomBytes(8).toString('hex');
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nARG GREETING\nRUN echo "said $GREETING"; echo wrong >&2\nCOPY . /app\nCMD ["sh"]\n`,
      'a.txt': 'a',
    });
    if (site === undefined) return;
    const order = { ...site.order, arguments: { GREETING: greeting, UNUSED: 'x' } };
    const built = await buildImage(site.client, order, never());
    assert.ok(built.ok);
    const path = `/images/${order.makes.image}/json`;
    type Image = { Id: string; Config: { Labels: Record<string, string> } };
    const image = await site.client.ask<Image>({ path }, never());
    assert.equal(built.imageId, image.Id);
    assert.equal(image.Config.Labels['grid.test'], 'yes');
    assert.ok(
      site.printed.some(({ stream, text }) => stream === 'stdout' && text === `said ${greeting}\n`),
    );
    assert.ok(site.printed.some(({ stream, text }) => stream === 'stderr' && text === 'wrong\n'));
    assert.match(site.output(), /^\[\d\/\d\] RUN echo "said/m);
    assert.doesNotMatch(site.output(), /internal|build-args|--->|Successfully/);
    assert.deepEqual(site.said, []);
  });

  test(`${builder}: what is built already is the answer at once`, async (t) => {
    const site = await openBuild(t, builder, { Dockerfile: `FROM ${BUSYBOX}\nCMD ["sh"]\n` });
    if (site === undefined) return;
    const first = await buildImage(site.client, site.order, never());
    rmSync(join(site.order.context, 'Dockerfile'));
    assert.deepEqual(await buildImage(site.client, site.order, never()), first);
  });

  test(`${builder}: the same files again, though younger, are not built again`, async (t) => {
    const marker = randomBytes(8).toString('hex');
    const files = {
      Dockerfile: `FROM ${BUSYBOX}\nCOPY . /app\nRUN echo ${marker}\nCMD ["sh"]\n`,
      x: marker,
    };
    const one = await openBuild(t, builder, files);
    const other = await openBuild(t, builder, files);
    if (one === undefined || other === undefined) return;
    utimesSync(join(other.order.context, 'x'), 1, 1);
    assert.ok((await buildImage(one.client, one.order, never())).ok);
    assert.ok((await buildImage(other.client, other.order, never())).ok);
    assert.match(one.output(), new RegExp(`^\\[\\d/\\d\\] RUN echo ${marker}\n${marker}$`, 'm'));
    assert.match(other.output(), new RegExp(`^CACHED \\[\\d/\\d\\] RUN echo ${marker}$`, 'm'));
  });

  test(`${builder}: an image that is made afresh takes no layer that was made before`, async (t) => {
    const marker = randomBytes(8).toString('hex');
    const files = { Dockerfile: `FROM ${BUSYBOX}\nRUN echo ${marker}\nCMD ["sh"]\n` };
    const first = await openBuild(t, builder, files);
    const again = await openBuild(t, builder, files);
    if (first === undefined || again === undefined) return;
    assert.ok((await buildImage(first.client, first.order, never())).ok);
    assert.ok(
      (await buildImage(again.client, withMakes(again.order, { afresh: true }), never())).ok,
    );
    assert.doesNotMatch(again.output(), new RegExp(`^CACHED .*${marker}`, 'm'));
    assert.match(again.said.join('\n'), /is taken as it is here/);
  });

  test(`${builder}: a step that fails says its exit code`, async (t) => {
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nRUN echo no; exit 7\nCMD ["sh"]\n`,
    });
    if (site === undefined) return;
    const { reason, exitCode, detail } = await failureOf(site);
    assert.deepEqual({ reason, exitCode }, { reason: 'exited', exitCode: 7 });
    assert.match(detail, /exit 7/);
  });

  test(`${builder}: an image that nothing starts is refused, and is not there`, async (t) => {
    const site = await openBuild(t, builder, { Dockerfile: `FROM ${BUSYBOX}\nRUN true\n` });
    if (site === undefined) return;
    const first = await failureOf(site);
    assert.equal(first.reason, 'invalid_file');
    assert.match(first.detail, /neither CMD nor ENTRYPOINT/);
    assert.deepEqual(await failureOf(site), first);
  });

  test(`${builder}: mistakes in the file name the file and the line`, async (t) => {
    const mistakes: [text: string, expected: RegExp][] = [
      [`FROM ${BUSYBOX}\nRUNN echo\n`, /^Dockerfile, line 2: unknown instruction: RUNN/],
      ['# nothing\n', /^Dockerfile has no instructions/],
      [`FROM ${BUSYBOX} AS\nCMD x\n`, /^Dockerfile, line 1: FROM requires/],
      [`FROM ${BUSYBOX}\nCOPY nope /x\nCMD x\n`, /^Dockerfile copies nope, which is not there/],
    ];
    for (const [Dockerfile, expected] of mistakes) {
      const site = await openBuild(t, builder, { Dockerfile });
      if (site === undefined) return;
      const { reason, detail } = await failureOf(site);
      assert.equal(reason, 'invalid_file');
      assert.match(detail, expected);
    }
  });

  test(`${builder}: what .dockerignore names is not sent, but the Dockerfile is`, async (t) => {
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nCOPY . /app\nRUN find /app -type f | sort\nCMD ["sh"]\n`,
      '.dockerignore': 'Dockerfile\n**/*.log\nnode_modules\n!node_modules/kept\n',
      'a.txt': randomBytes(8).toString('hex'),
      'deep/b.log': 'b',
      'node_modules/kept': 'k',
      'node_modules/left/out': 'o',
    });
    if (site === undefined) return;
    assert.ok((await buildImage(site.client, site.order, never())).ok);
    assert.match(site.output(), /^\/app\/a\.txt$/m);
    assert.match(site.output(), /^\/app\/node_modules\/kept$/m);
    assert.doesNotMatch(site.output(), /b\.log|left\/out/);
  });

  test(`${builder}: names that are no text are in the image byte by byte`, async (t) => {
    const said = randomBytes(8).toString('hex');
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nCOPY . /app\nRUN cat "/app/d$(printf '\\351')p/l$(printf '\\377')"\nCMD ["sh"]\n`,
    });
    if (site === undefined) return;
    const at = (name: string): Buffer => Buffer.from(`${site.order.context}/${name}`, 'latin1');
    mkdirSync(at('d\xe9p'));
    writeFileSync(at('d\xe9p/f1'), said);
    symlinkSync(Buffer.from('../d\xe9p/f1', 'latin1'), at('d\xe9p/l\xff'));
    const built = await buildImage(site.client, site.order, never());
    assert.ok(built.ok, JSON.stringify(built));
    assert.ok(site.output().includes(said));
  });

  test(`${builder}: the time is up, and the step runs no more`, async (t) => {
    const marker = `${builder === 'classic' ? 71 : 72}${Math.floor(Math.random() * 1e6)}`;
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nRUN sleep ${marker}\nCMD x\n`,
    });
    if (site === undefined) return;
    const order = withMakes(site.order, { withinSeconds: 4 });
    const building = buildImage(site.client, order, never());
    await until(() => runs(`sleep\0${marker}`));
    const built = await building;
    assert.ok(!built.ok && built.reason === 'timeout');
    await until(() => !runs(`sleep\0${marker}`));
  });

  test(`${builder}: who aborts hears that it was aborted`, async (t) => {
    const marker = `${builder === 'classic' ? 73 : 74}${Math.floor(Math.random() * 1e6)}`;
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nRUN sleep ${marker}\nCMD x\n`,
    });
    if (site === undefined) return;
    const abort = new AbortController();
    const building = buildImage(site.client, site.order, abort.signal);
    const aborted = assert.rejects(building, { name: 'AbortError' });
    await until(() => runs(`sleep\0${marker}`));
    abort.abort();
    await aborted;
    await until(() => !runs(`sleep\0${marker}`));
  });

  test(`${builder}: a build that takes too much disk is stopped`, async (t) => {
    // until it is stopped: others may give room back meanwhile
    const fill =
      'i=0; while [ $i -lt 200 ]; do dd if=/dev/zero of=/$i.big bs=1M count=50; sync; sleep 0.1; i=$((i + 1)); done';
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nRUN ${fill}\nCMD x\n`,
    });
    if (site === undefined) return;
    const built = await buildImage(site.client, { ...site.order, diskMiB: 100 }, never());
    assert.ok(!built.ok && built.reason === 'disk_full');
    assert.match(built.detail, /may take 100 MiB/);
  });

  test(`${builder}: an image that cannot be had is named with its line`, async (t) => {
    const site = await openBuild(t, builder, {
      Dockerfile: 'ARG HOST\nFROM $HOST/nope:1\nCMD x\n',
    });
    if (site === undefined) return;
    site.order = { ...site.order, arguments: { HOST: '127.0.0.1:1' } };
    const { reason, detail } = await failureOf(site);
    assert.equal(reason, 'exited');
    assert.match(
      detail,
      /^Dockerfile, line 2: the image 127\.0\.0\.1:1\/nope:1 could not be pulled/,
    );
    assert.deepEqual(site.said, ['Pulling 127.0.0.1:1/nope:1']);
  });

  test(`${builder}: an image of a private registry is pulled with the login`, async (t) => {
    const registry = await serveRegistry(t, { username: 'ada', password: 'secret' });
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${registry.host}/private\nCOPY x /\nCMD ["x"]\n`,
      x: 'x',
    });
    if (site === undefined) return;
    t.after(() => removeImage(site.client, `${registry.host}/private:latest`));
    const login = (password: string): RegistryLogin => ({
      server: registry.host,
      username: 'ada',
      password,
    });

    const refused = await failureOf({
      ...site,
      order: withMakes(site.order, { login: login('wrong') }),
    });
    assert.equal(refused.reason, 'invalid_file');
    assert.match(refused.detail, /needs a login: .*CC_DOCKER_LOGIN_USERNAME/);
    assert.match(
      site.said[0] ?? '',
      /^The login as ada at .* failed, and the build goes on without it/,
    );
    assert.doesNotMatch(site.said.join(), /wrong/);

    const order = withMakes(site.order, { login: login('secret') });
    const built = await buildImage(site.client, order, never());
    assert.deepEqual(built.ok, true);
    assert.equal(site.said.at(-1), `Pulled ${registry.host}/private`);

    const again = (changes: Partial<BuildOrder['makes']>): BuildOrder =>
      withMakes(order, { image: `${order.makes.image}-again`, login: undefined, ...changes });
    t.after(() => removeImage(site.client, `${order.makes.image}-again`));
    const stranger = { ...again({}), ownerId: newId('organization') };
    const without = await buildImage(site.client, stranger, never());
    assert.ok(!without.ok && /needs a login/.test(without.detail));
    assert.ok((await buildImage(site.client, again({}), never())).ok);
    await removeImage(site.client, `${order.makes.image}-again`);
    const withLogin = { ...again({ login: login('secret') }), ownerId: stranger.ownerId };
    assert.ok((await buildImage(site.client, withLogin, never())).ok);
  });
}

test('a Dockerfile that is not there, or leads out of the folder, is missed', async (t) => {
  for (const dockerfile of ['Dockerfile', '../Dockerfile', '/etc/hostname']) {
    const site = await openBuild(t, 'buildkit', { x: '1' });
    if (site === undefined) return;
    const order = withMakes(site.order, { dockerfile });
    const { reason, detail } = await failureOf({ ...site, order });
    assert.equal(reason, 'invalid_file');
    assert.match(detail, /CC_DOCKERFILE/);
  }
});

for (const builder of builders)
  test(`${builder}: a step that needs more memory than it may is named as that`, async (t) => {
    const site = await openBuild(t, builder, {
      Dockerfile: `FROM ${BUSYBOX}\nRUN tail /dev/zero\nCMD x\n`,
    });
    if (site === undefined) return;
    const { reason, exitCode, detail } = await failureOf(site);
    assert.deepEqual({ reason, exitCode }, { reason: 'memory_limit', exitCode: 137 });
    assert.match(detail, /64 MiB/);
  });

test('what cannot be sent is named, and the engine is not said to be away', async (t) => {
  const site = await openBuild(t, 'buildkit', { Dockerfile: `FROM ${BUSYBOX}\nCMD x\n` });
  if (site === undefined) return;
  mkdirSync(join(site.order.context, ...Array<string>(300).fill('d')), { recursive: true });
  const { reason, detail } = await failureOf(site);
  assert.equal(reason, 'exited', detail);
  assert.match(detail, /^The files could not be sent to the engine: Folders are nested deeper/);
});

test('an engine that is away is said to be', async (t) => {
  const site = await openBuild(t, 'buildkit', { Dockerfile: `FROM ${BUSYBOX}\nCMD x\n` });
  if (site === undefined) return;
  const away = createDockerClient(join(tmpdir(), 'no.sock'));
  await assert.rejects(buildImage(away, site.order, never()), Unavailable);
});

test('BuildKit is known by what an engine says of itself', () => {
  assert.equal(hasBuildKit({ 'builder-version': '2' }), true);
  assert.equal(hasBuildKit({}), true);
  assert.equal(hasBuildKit({ 'builder-version': '1' }), false);
  assert.equal(hasBuildKit({ 'libpod-api-version': '5.0.0', 'builder-version': '' }), false);
});

/** Whether a process of this machine has the command line. */
const runs = (command: string): boolean =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8') === `${command}\0`;
      } catch {
        return false;
      }
    });
