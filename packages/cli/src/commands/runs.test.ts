import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitWords } from './runs.ts';

const split = (typed: string): object => {
  const all = typed.split(' ');
  const words = all.filter((word) => word !== '--');
  return splitWords(words, ['node', 'grid', 'run', ...all]);
};

test('what stands behind -- is the command, and before it the application, where there is one', () => {
  assert.deepEqual(split('mine -- python3 -c 1'), {
    named: 'mine',
    command: ['python3', '-c', '1'],
  });
  assert.deepEqual(split('-- ls -l'), { named: undefined, command: ['ls', '-l'] });
  assert.deepEqual(split('mine'), { named: 'mine', command: [] });
});

test('a command that does not stand behind -- is not guessed at', () => {
  assert.throws(() => split('mine python3 train.py'), /grid run mine -- python3 train\.py/);
});
