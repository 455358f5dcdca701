import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FollowedLine } from '../../logs/follow-log.ts';
import { presentPassing } from './log-line.ts';

/** A line of a source; one that has not ended is said with three dots. */
function followed(id: string, text: string): FollowedLine {
  const source = { id, directory: '', instanceId: id, deploymentId: '' };
  const isUnended = text.endsWith('…');
  const line = { source, at: 0, stream: 'stdout', text: text.replace('…', '') } as const;
  return { cursor: '', line: { ...line, ...(isUnended && { unended: true }) } };
}

test('a line that became what is not searched for is taken back, once', () => {
  const present = presentPassing('application', ({ line }) => line.text.includes('error'));
  const told = (
    [
      ['a', 'err…'],
      ['a', 'error 1…'],
      ['b', 'well'],
      ['a', 'well…'],
      ['a', 'well'],
      ['a', 'error 2…'],
      ['a', 'well'],
      ['a', 'error 3…'],
      ['a', 'error 3'],
      ['a', 'well'],
    ] as const
  ).map(([id, text]) => {
    const record = present(followed(id, text));
    return record && `${record.message}${record.unended ? '…' : ''}`;
  });
  const no = undefined;
  assert.deepEqual(told, [no, 'error 1…', no, '…', no, 'error 2…', '…', 'error 3…', 'error 3', no]);
});
