import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spellName } from './spell-name.ts';

test('a name is shown as it is where that is text, and escaped as git does where it is not', () => {
  const table: [bytes: Buffer | string, shown: string][] = [
    ['main.py', 'main.py'],
    ['été 2.txt', 'été 2.txt'],
    [Buffer.from('d\xe9p/f1', 'latin1'), String.raw`"d\351p/f1"`],
    [Buffer.concat([Buffer.from('é'), Buffer.of(0xff)]), String.raw`"\303\251\377"`],
    ['a\nb\tc', String.raw`"a\nb\tc"`],
    ['\u001b[31mé', String.raw`"\033[31mé"`],
    ['say "x"\\', String.raw`"say \"x\"\\"`],
  ];
  for (const [bytes, shown] of table) assert.equal(spellName(Buffer.from(bytes)), shown);
});
