import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { need } from './need.ts';

const SHARED = 'shared';
const DEVICES = ['GPU-one', 'GPU-two'] as const;

/** Files like /dev/null at places of their own: two devices, and one that both have. Only root makes them. */
export function makeDeviceFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-devices-'));
  chmodSync(folder, 0o755);
  for (const name of [SHARED, ...DEVICES])
    execFileSync('mknod', ['--mode=666', join(folder, name), 'c', '1', '3']);
  return folder;
}

/** Two devices to grant. Who runs tests as an ordinary user makes them before (`GRID_TEST_DEVICES`). */
export function grantableDevices(t: TestContext) {
  const folder = findFolder(t);
  if (folder === undefined) return undefined;
  const grantable = (uuid: string) => {
    const path = join(folder, uuid);
    return { device: { uuid, files: [join(folder, SHARED), path] }, path };
  };
  return [grantable(DEVICES[0]), grantable(DEVICES[1])] as const;
}

function findFolder(t: TestContext): string | undefined {
  const given = process.env['GRID_TEST_DEVICES'];
  if (given !== undefined && existsSync(given)) return given;
  if (!need(t, process.getuid?.() === 0, 'root, which makes device files')) return undefined;
  const folder = makeDeviceFiles();
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
