import { after, test } from 'node:test';
import { closeDocker, openDocker } from '../../packages/server/src/testing/docker.ts';
import { need } from '../../packages/server/src/testing/need.ts';
import { isolated, meetHostile, secret } from './hostile.ts';
import { openPlatform } from './platform.ts';

after(closeDocker);

test('a hostile application in a container reaches nothing that is not its own', async (t) => {
  const docker = await openDocker(t);
  if (docker === undefined || !need(t, isolated, 'nftables')) return;
  const engine = { GRID_ENGINE: 'docker', GRID_DOCKER_SOCKET: docker.socketPath };
  await meetHostile(await openPlatform({ ...secret, ...engine }));
});
