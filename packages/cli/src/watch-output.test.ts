import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'grid');
/** Who is asked for, as the platform answers it. */
const self = { id: 'user_1', email: 'ada@example.com', name: 'Ada', avatar: '', lang: 'EN' };
const answer = { ...self, creationDate: 1, preferredMFA: 'NONE', hasPassword: false, admin: false };

const server = createServer((_, response) => response.end(JSON.stringify(answer)));
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => server.close());

/** Runs `grid` with its output to a file, or to a reader that has left. */
async function grid(args: readonly string[], output: 'left' | number) {
  const { port } = server.address() as AddressInfo;
  const env = {
    PATH: process.env['PATH'],
    HOME: tmpdir(),
    GRID_URL: `http://127.0.0.1:${port}`,
    GRID_TOKEN: 't',
    GRID_SECRET: 's',
  };
  const child = spawn(bin, [...args], {
    env,
    stdio: ['ignore', output === 'left' ? 'pipe' : output, 'pipe'],
  });
  child.stdout?.destroy();
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const errors = child.stderr === null ? '' : await text(child.stderr);
  return { errors, code: await code };
}

const commands = [['whoami'], ['--help']];

for (const args of commands)
  test(`a reader that leaves ends it without a word: grid ${args.join(' ')} | true`, async () => {
    assert.deepEqual(await grid(args, 'left'), { errors: '', code: 141 });
  });

for (const args of commands)
  test(`what cannot be written is no success: grid ${args.join(' ')} > /dev/full`, async () => {
    const full = openSync('/dev/full', 'w');
    const ran = await grid(args, full);
    closeSync(full);
    const errors = 'What this prints cannot be written: there is no space left.\n';
    assert.deepEqual(ran, { errors, code: 1 });
  });

test('who failed says with what, though nobody reads', async () => {
  const { errors, code } = await grid(['fly'], 'left');
  assert.match(errors, /unknown command/);
  assert.equal(code, 2);
});
