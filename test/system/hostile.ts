import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after } from 'node:test';
import { copyExample, serverOf, until } from './platform.ts';
import type { Platform } from './platform.ts';
import { openSshClient } from './ssh-client.ts';

/** Whether the machine has what keeps instances apart. */
export const isolated = existsSync('/usr/bin/bwrap') && existsSync('/usr/sbin/nft');

/** What no instance may see: it is in the environment of the control plane. */
export const secret = { NEIGHBOUR_SECRET: 'of the control plane' };

/** Has the hostile application do all that it can; how many of ours it saw that came in with somebody. */
export async function meetHostile(platform: Platform): Promise<number> {
  const listener = createServer().listen(0, '0.0.0.0');
  after(async () => {
    listener.close();
    await platform.end();
  });
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  const host = Object.values(networkInterfaces())
    .flatMap((one) => one ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `${address}:${port}`);

  const other = await platform.grid([
    'claim',
    '--data-directory',
    platform.data,
    '--email',
    'eve@example.com',
    '--organization',
    'Eve',
  ]);
  assert.equal(other.code, 3, 'the platform is claimed once');
  const neighbour = await platform.repository({ 'server.py': serverOf('private') });
  const id = await platform.create(neighbour, {
    type: 'ml_python_web',
    env: ['CC_MLPYTHON_RUN_MAIN=server.py', 'NEIGHBOUR_SECRET=x'],
  });
  assert.equal((await platform.grid(['deploy'], { folder: neighbour })).code, 0);
  const [instance] = platform.query<{ endpoint_host: string }>(
    `select endpoint_host from instances where application_id = '${id}'`,
  );

  const { id: organization } = await platform.ask<{ id: string }>(
    'POST',
    '/grid/v1/organizations',
    {
      name: 'Eve’s',
    },
  );
  const forbidden = [
    ...host,
    `127.0.0.1:${platform.port()}`,
    `${instance?.endpoint_host}:8080`,
  ].join(',');
  const tenant = { organization, forbidden };
  const { folder } = await createHostile(platform, 'attempts.py', tenant);
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /all attempts made/);
  assert.ok(out.includes(`refused ${instance?.endpoint_host}:8080`), out);
  assert.doesNotMatch(out, /HOLE/);
  await meetVariables(platform, tenant);
  return enterHostile(platform, tenant);
}

type Tenant = { organization: string; forbidden: string; variables?: readonly string[] };

/** An application out of the example, with this file as what it runs. */
async function createHostile(
  platform: Platform,
  main: string,
  { organization, forbidden, variables = [] }: Tenant,
): Promise<{ id: string; folder: string }> {
  const folder = await platform.repository({ placeholder: '' });
  copyExample('hostile', folder);
  await platform.git(['add', '--all'], folder);
  await platform.git(['commit', '--quiet', '--message', 'hostile'], folder);
  const env = [`CC_MLPYTHON_RUN_MAIN=${main}`, `FORBIDDEN=${forbidden}`, ...variables];
  const args = ['--org', organization];
  return { id: await platform.create(folder, { type: 'ml_python', env, args }), folder };
}

/** No program that starts an instance of theirs, or a step of its build, does what their variables tell it. */
async function meetVariables(platform: Platform, tenant: Tenant): Promise<void> {
  const variables = ['LD_DEBUG=statistics', 'LD_DEBUG_OUTPUT=/mnt/app/loader'];
  const { folder } = await createHostile(platform, 'attempts.py', { ...tenant, variables });
  const { code, out } = await platform.grid(['deploy'], { folder });
  assert.equal(code, 0, out);
  assert.match(out, /refused the loader of programs outside/);
  assert.doesNotMatch(out, /HOLE/);
}

/** Who enters can do no more than the application, which can do nothing to who enters. */
async function enterHostile(platform: Platform, tenant: Tenant): Promise<number> {
  const { id, folder } = await createHostile(platform, 'watch.py', tenant);
  const watching = platform.grid(['deploy'], { folder });
  const { ssh, open } = openSshClient(platform);
  await until('it runs', async () => (await ssh([id, 'true'])).code === 0);
  const attempts = await ssh([id, 'python attempts.py']);
  const terminal = open([id, 'python', 'attempts.py']);
  const shown = await terminal.shows(/all attempts made/);
  assert.equal(await terminal.end, 0, shown);
  for (const text of [attempts.out.toString(), shown]) {
    assert.match(text, /all attempts made/);
    assert.match(text, /refused descriptors left open/);
    assert.doesNotMatch(text, /HOLE/);
  }
  await Promise.all(Array.from({ length: 10 }, () => ssh([id, 'true'])));
  // the instance may end before it is told of this command's end
  await ssh([id, 'touch stop']);
  const { code, out } = await watching;
  assert.equal(code, 0, out);
  assert.doesNotMatch(out, /HOLE/);
  const [, seen] = /looked at (\d+) processes/.exec(out) ?? [];
  return Number(seen);
}
