import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFull } from './watch-disk.ts';

const MIB = 1024 ** 2;
const disk = (freeMiB: number) => ({ totalBytes: 1_000 * MIB, freeBytes: freeMiB * MIB });

test('a build may take what it may take, and no more', () => {
  assert.equal(diskFull(disk(500), disk(400), 100), undefined);
  assert.match(diskFull(disk(500), disk(399), 100) ?? '', /took 101 MiB of disk, and may take 100/);
});

test('a twentieth of the disk is left free whatever it may take', () => {
  assert.equal(diskFull(disk(60), disk(50), 1_000), undefined);
  assert.match(diskFull(disk(60), disk(49), 1_000) ?? '', /less than 5 %/);
});

test('room that others made is not held against it', () => {
  assert.equal(diskFull(disk(500), disk(900), 0), undefined);
});
