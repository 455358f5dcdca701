import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainXids, isCritical, parseXids } from './xid.ts';

const BOOTED_AT = 1_700_000_000_000;

test('what the driver reports is found among what the kernel says, with its time', () => {
  const records = [
    '6,1,0,-;Linux version 6.12.0',
    '4,901,1234567890,-;NVRM: Xid (PCI:0000:65:00): 79, pid=1234, name=python, GPU has fallen off the bus.',
    '4,902,1234568890,c,caller=T12;NVRM: Xid (PCI:0000:0F:00 GPU-I:05): 13, Graphics Exception',
    '4,903,5,-;NVRM: Xid (PCI:0000:0f:00.0): 48, DBE',
    '4,904,6,-;audit: somebody wrote NVRM: Xid (PCI:0000:65:00): 95',
    '12,905,7,-;NVRM: Xid (PCI:0000:65:00): 79, written by a program',
    'NVRM: Xid (PCI:0000:65:00): 94',
  ];
  assert.deepEqual(parseXids(records, BOOTED_AT), [
    { number: 79, pciSlot: '0000:65:00', at: BOOTED_AT + 1_234_568 },
    { number: 13, pciSlot: '0000:0f:00', at: BOOTED_AT + 1_234_569 },
    { number: 48, pciSlot: '0000:0f:00', at: BOOTED_AT },
  ]);
});

test('a recovery that is over is no error, one that is asked for is', () => {
  const say = (to: string): string =>
    `4,1,1,-;NVRM: Xid (PCI:0000:19:00): 154, GPU recovery action changed from 0x1 (GPU Reset Required) to ${to}`;
  assert.deepEqual(parseXids([say('0x0 (None)')], BOOTED_AT), []);
  assert.equal(parseXids([say('0x2 (Node Reboot Required)')], BOOTED_AT)[0]?.number, 154);
});

const xid = (number: number) => ({ number, pciSlot: '0000:65:00', at: 1 });

test('what applications do wrong makes no GPU ill; all else does', () => {
  for (const number of [13, 31, 43, 45, 68, 109]) assert.equal(isCritical(xid(number)), false);
  for (const number of [48, 63, 64, 74, 79, 94, 95, 119, 999])
    assert.equal(isCritical(xid(number)), true);
});

test('an error is explained by its number, with what helps', () => {
  assert.match(explainXids([xid(79)]), /^Xid 79: it has fallen off the bus\. Restart the machine/);
  assert.match(explainXids([xid(48), xid(63), xid(48), xid(63)]), /^Xid 48, then 63: its memory/);
  assert.match(explainXids([xid(999)]), /^Xid 999: the driver reported an error\. Reset the GPU/);
});
