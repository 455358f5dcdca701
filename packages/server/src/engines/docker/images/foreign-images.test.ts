import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { newId } from '../../../lib/ids.ts';
import type { OwnerId } from '../../../lib/ids.ts';
import { BUSYBOX, closeDocker } from '../../../testing/docker.ts';
import {
  builders,
  failureOf,
  never,
  openBuild,
  removeImage,
  withMakes,
} from '../../../testing/image-build.ts';
import type { Builder } from '../../../testing/image-build.ts';
import { buildImage } from './build-image.ts';
import type { DockerClient } from '../client.ts';
import { LABEL } from '../names.ts';

after(closeDocker);

/** An image as the platform makes them for others, with a secret in it. */
async function openForeign(t: TestContext, builder: Builder) {
  const secret = randomBytes(8).toString('hex');
  const Dockerfile = `FROM ${BUSYBOX}\nRUN echo ${secret} > /secret\nCMD x\n`;
  const site = await openBuild(t, builder, { Dockerfile });
  if (site === undefined) return undefined;
  const { client, order } = site;
  const image = `clever-grid/app_${secret}:1`;
  const labels = { [LABEL.platform]: '12345678', [LABEL.source]: image };
  const built = await buildImage(client, { ...withMakes(order, { image }), labels }, never());
  assert.ok(built.ok);
  const also = `grid-test-${secret}`;
  const tag = { method: 'POST', path: `/images/${image}/tag`, query: { repo: also } } as const;
  await client.ask(tag, never());
  t.after(() => Promise.all([image, also].map((one) => removeImage(client, one))));
  return { client, secret, image, also, id: built.imageId.replace('sha256:', '') };
}

/** Busybox, with a trigger. */
async function addTrigger(client: DockerClient, repo: string, trigger: string): Promise<void> {
  const body = { Image: BUSYBOX, Cmd: ['true'] };
  const create = { method: 'POST', path: '/containers/create', body } as const;
  const { Id } = await client.ask<{ Id: string }>(create, never());
  const query = { container: Id, repo, tag: 'latest', changes: `ONBUILD ${trigger}` };
  await client.ask({ method: 'POST', path: '/commit', query, body: {} }, never());
  await client.ask({ method: 'DELETE', path: `/containers/${Id}` }, never());
}

for (const builder of builders) {
  test(`${builder}: nobody builds on what the platform made for others, however it is called`, async (t) => {
    const foreign = await openForeign(t, builder);
    if (foreign === undefined) return;
    const { image, also, id } = foreign;
    const ids = [id.slice(0, 3), id.slice(0, 4).toUpperCase(), id.slice(0, 12), id];
    const more = [`sha256:${id.slice(0, 3)}`, `sha256:${id}`, `${id.slice(0, 12)}@sha256:${id}`];
    const names = [
      image,
      `docker.io/${image}`,
      `index.docker.io/${image}`,
      `INDEX.docker.io/${image}`,
    ];
    for (const name of [...ids, ...more, ...names, also])
      for (const Dockerfile of [
        `FROM ${name}\nRUN cat /secret\nCMD x\n`,
        `FROM ${BUSYBOX}\nCOPY --from=${name} /secret /\nRUN cat /secret\nCMD x\n`,
        `FROM ${BUSYBOX} AS one\nONBUILD COPY --from=${name} /secret /\nFROM one\nRUN cat /secret\nCMD x\n`,
        `FROM ${BUSYBOX}\nRUN <<EOF\nFROM ${name}\nRUN cat /secret\nEOF\nCMD x\n`,
      ]) {
        const site = await openBuild(t, builder, { Dockerfile });
        if (site === undefined) return;
        await failureOf(site);
        assert.ok(!site.output().includes(foreign.secret), Dockerfile);
      }
  });

  test(`${builder}: a base cannot name what nobody may build on in its triggers`, async (t) => {
    const foreign = await openForeign(t, builder);
    if (foreign === undefined) return;
    const { client, id, secret, image } = foreign;
    for (const name of [id.slice(0, 3), image]) {
      const trap = `grid-trap-${randomBytes(6).toString('hex')}`;
      await addTrigger(client, trap, `COPY --from=${name} /secret /`);
      t.after(() => removeImage(client, trap));
      const Dockerfile = `FROM ${trap}\nRUN cat /secret\nCMD x\n`;
      const site = await openBuild(t, builder, { Dockerfile });
      if (site === undefined) return;
      const { detail } = await failureOf(site);
      assert.match(
        detail,
        /^Dockerfile, line 1: .*(may be an id|there is no stage|the platform's own)/,
      );
      assert.ok(!site.output().includes(secret));
    }
  });
}

test('each owner has cache mounts of their own', async (t) => {
  const marker = randomBytes(8).toString('hex');
  const read = `RUN --mount=type=cache,id=${marker},target=/c cat /c/* 2>/dev/null; echo ${marker} > /c/x`;
  const Dockerfile = `FROM ${BUSYBOX}\nARG N\nRUN echo $N\n${read}\nCMD x\n`;
  const site = await openBuild(t, 'buildkit', { Dockerfile });
  if (site === undefined) return;
  const build = async (ownerId: OwnerId): Promise<string> => {
    site.printed.length = 0;
    const image = `${site.order.makes.image}-${randomBytes(4).toString('hex')}`;
    t.after(() => removeImage(site.client, image));
    const order = { ...withMakes(site.order, { image }), ownerId };
    const given = { N: image, BUILDKIT_CACHE_MOUNT_NS: 'same' };
    assert.ok((await buildImage(site.client, { ...order, arguments: given }, never())).ok);
    return site.printed
      .map(({ text: line }) => line)
      .filter((line) => line === `${marker}\n`)
      .join();
  };
  const [one, other] = [newId('organization'), newId('organization')];
  assert.equal(await build(one), '');
  assert.equal(await build(one), `${marker}\n`);
  assert.equal(await build(other), '');
});

for (const builder of builders)
  test(`${builder}: the engine fetches nothing for a build from the machine's own network`, async (t) => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end('of the machine');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    for (const Dockerfile of [
      `FROM ${BUSYBOX}\nADD ${url} /x\nCMD x\n`,
      `FROM ${BUSYBOX}\nARG URL=${url}\nADD $URL /x\nCMD x\n`,
      `FROM ${BUSYBOX}\nARG URL=${url}\nADD ["$URL", "/x"]\nCMD x\n`,
      `FROM ${BUSYBOX} AS one\nARG A=${url}\nONBUILD ADD ${url} /x\nFROM one\nCMD x\n`,
    ]) {
      const site = await openBuild(t, builder, { Dockerfile });
      if (site === undefined) return;
      await failureOf(site);
    }
    assert.equal(asked, 0);
  });

test('what ADD takes of the application is there, named by variables too', async (t) => {
  const Dockerfile = `FROM ${BUSYBOX}\nARG F=a\nADD $F.txt [b].txt /x/\nRUN cat /x/*\nCMD x\n`;
  const files = { Dockerfile, 'a.txt': 'one\n', 'b.txt': 'two\n' };
  const site = await openBuild(t, 'buildkit', files);
  if (site === undefined) return;
  assert.ok((await buildImage(site.client, site.order, never())).ok);
  assert.match(site.output(), /^one\ntwo$/m);
});

for (const builder of builders)
  test(`${builder}: the engine reads what was read here, where links lead to the file too`, async (t) => {
    const text = `FROM ${BUSYBOX}\nCOPY . /x\nRUN cat /x/inner/Dockerfile\nCMD x\n`;
    const site = await openBuild(t, builder, { 'inner/Dockerfile': text });
    if (site === undefined) return;
    symlinkSync('inner', join(site.order.context, 'link'));
    const order = withMakes(site.order, { dockerfile: 'link/Dockerfile' });
    assert.deepEqual((await buildImage(site.client, order, never())).ok, true);
    assert.match(site.output(), /^FROM docker\.io\/library\/grid-busybox:1$/m);
  });
