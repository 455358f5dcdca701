import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAsked } from './asked.ts';

const uuid = '649a93d1-1111-4111-8111-1234567890ab';

test('git asks by its two commands, with the path in quotes', () => {
  const git = { kind: 'git', service: 'git-receive-pack' };
  assert.deepEqual(parseAsked(`git-receive-pack '/app_${uuid}.git'`), {
    ...git,
    path: `/app_${uuid}.git`,
  });
  assert.deepEqual(parseAsked("git-upload-pack 'x'"), {
    kind: 'git',
    service: 'git-upload-pack',
    path: 'x',
  });
});

test('an id alone is a shell there, and what follows it is run there as it was written', () => {
  const enter = { kind: 'enter', place: { instanceId: uuid } };
  assert.deepEqual(parseAsked(uuid), { ...enter, line: undefined });
  assert.deepEqual(parseAsked(`  ${uuid}  `), { ...enter, line: undefined });
  const line = 'printf \'%s  %s\\n\' "$HOME"\n| cat';
  assert.deepEqual(parseAsked(`${uuid} ${line}`), { ...enter, line });
  assert.deepEqual(parseAsked(`app_${uuid} env`), {
    kind: 'enter',
    place: { applicationId: `app_${uuid}` },
    line: 'env',
  });
  assert.deepEqual(parseAsked(`app_${uuid}/12 env`), {
    kind: 'enter',
    place: { applicationId: `app_${uuid}`, number: 12 },
    line: 'env',
  });
});

test('git-lfs is known by its commands', () => {
  for (const command of [
    `git-lfs-authenticate '/app_${uuid}.git' upload`,
    `git-lfs-authenticate app_${uuid}.git download`,
    `git-lfs-transfer '/app_${uuid}.git' upload`,
  ])
    assert.deepEqual(parseAsked(command), { kind: 'lfs' });
});

test('no command asks what there is', () => {
  for (const command of ['', ' ', '\n']) assert.deepEqual(parseAsked(command), { kind: 'list' });
});

test('everything else is not known', () => {
  for (const command of [
    'bash',
    'scp -t /tmp',
    `git-upload-archive '${uuid}'`,
    `git-receive-pack '${uuid}'; id`,
    `git-receive-pack '${uuid}'\nid`,
    `orga_${uuid}`,
    `app_${uuid};id`,
    `app_${uuid}/`,
    `app_${uuid}/x`,
    `${uuid}/0`,
    uuid.toUpperCase(),
    `x ${uuid}`,
    `${uuid}\0id`,
  ])
    assert.deepEqual(parseAsked(command), { kind: 'unknown' }, command);
});
