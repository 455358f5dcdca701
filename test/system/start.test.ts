import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bin, run } from './platform.ts';

/** What keeps a platform from starting ends it, with a sentence. */
const data = mkdtempSync(join(tmpdir(), 'grid-start-'));
const taken = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => taken.once('listening', resolve));
after(async () => {
  taken.close();
  await run(bin, ['down', '--apps', '--data-directory', data]);
  rmSync(data, { recursive: true });
});

const { port } = taken.address() as AddressInfo;
const says = `Port ${port} of 127.0.0.1 cannot be used`;

for (const name of ['http', 'https', 'ssh'])
  test(`a port for ${name} that somebody has is named`, async () => {
    const ports = ['http', 'https', 'ssh'].filter((one) => one !== name);
    const free = ports.flatMap((one) => [`--${one}-port`, '0']);
    const up = ['up', '--data-directory', data, ...free, `--${name}-port`, String(port)];
    const { code, out } = await run(bin, up);
    assert.equal(code, 1, out);
    assert.ok(out.toLowerCase().includes(says.toLowerCase()), out);
    assert.doesNotMatch(out, /^ +at /m);
  });
