import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLog } from './log-driver.ts';

test('a log is kept where it can be read again, and to its budget where the engine can', () => {
  const offer = (...log: string[]) => ({ Plugins: { Log: log } });
  assert.deepEqual(chooseLog(offer('json-file', 'local'), 1024), {
    Type: 'local',
    Config: { 'max-size': '256m', 'max-file': '4' },
  });
  assert.equal(chooseLog(offer('local'), 1)?.Config['max-size'], '1m');
  assert.equal(chooseLog(offer('journald', 'k8s-file'), 64)?.Type, 'k8s-file');
  assert.equal(chooseLog({ Plugins: { Log: null } }, 64), undefined);
  assert.equal(chooseLog({}, 64), undefined);
});
