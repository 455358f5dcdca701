import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationId } from '../lib/ids.ts';
import type { ImagePlan } from './recipe.ts';
import { buildWork, imageOf, startWork } from './work.ts';

const image = imageOf({ applicationId: 'app_1-a' as ApplicationId }, 'abc.123');

test('an image is made and started under the name of its artifact', () => {
  const build: ImagePlan = {
    name: 'Building it',
    needs: { setting: 'CC_DOCKERFILE', file: { path: 'a/Dockerfile', executable: false } },
    image: { builder: 'classic', login: undefined, arguments: ['A'] },
  };
  assert.deepEqual(buildWork(build, { image, afresh: true }), {
    name: 'Building it',
    makes: {
      image: 'clever-grid/app_1-a:abc.123',
      dockerfile: 'a/Dockerfile',
      builder: 'classic',
      login: undefined,
      withinSeconds: 1800,
      afresh: true,
    },
  });
  const started = startWork({ command: { name: 'it', mountSocket: true } }, image);
  assert.deepEqual(started, { name: 'it', image, mountSocket: true });
});

test('a command is what it is', () => {
  const command = { name: 'x', argv: ['x'] } as const;
  assert.equal(buildWork({ name: 'X', command }, { image, afresh: false }), command);
  assert.equal(startWork({ command }, image), command);
});
