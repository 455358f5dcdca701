import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EarlyExit } from './early-exit.ts';
import { socketFor } from './mount-socket.ts';

const socketPath = '/var/run/docker.sock';
const command = { name: 'the command of Dockerfile', image: 'x' };

test('a container has the socket where it asks for it and the operator allows it', () => {
  for (const allowSocket of [true, false])
    assert.equal(socketFor({ allowSocket, socketPath }, command), undefined);
  const asking = { ...command, mountSocket: true };
  assert.equal(socketFor({ allowSocket: true, socketPath }, asking), socketPath);
  assert.throws(() => socketFor({ allowSocket: false, socketPath }, asking), EarlyExit);
});
