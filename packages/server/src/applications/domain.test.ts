import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { defaultDomain, formatDomain, isTaken, parseDomain } from './domain.ts';
import type { Held } from './domain.ts';

const mine = { applicationId: 'app_1' as ApplicationId, ownerId: 'orga_1' as OwnerId };
const platformHosts = ['localhost', 'grid.localhost'];
const taken = (text: string, ...held: Held[]): boolean =>
  isTaken(parseDomain(text), mine, { platformHosts, held });
const by = (ownerId: string, applicationId: string, text: string): Held => ({
  ...parseDomain(text),
  applicationId: applicationId as ApplicationId,
  ownerId: ownerId as OwnerId,
});

test('a free name, and a name below the platform’s, may be had', () => {
  assert.equal(taken('example.com'), false);
  assert.equal(taken('model.grid.localhost'), false);
});

test('the platform’s names, and a wildcard over those of applications, are never given away', () => {
  assert.equal(taken('grid.localhost'), true);
  assert.equal(taken('grid.localhost/path'), true);
  assert.equal(taken('*.grid.localhost'), true);
});

test('another application’s default name is never given away, the own one is', () => {
  const id = (digit: string) =>
    `app_${digit.repeat(8)}-1111-4111-8111-111111111111` as ApplicationId;
  const own = { ...mine, applicationId: id('1') };
  const asks = (one: ApplicationId) =>
    isTaken(parseDomain(defaultDomain(one, 'grid.localhost')), own, { platformHosts, held: [] });
  assert.deepEqual([asks(id('1')), asks(id('2'))], [false, true]);
});

test('a host belongs to an owner, with all its paths and what a wildcard covers', () => {
  assert.equal(taken('example.com/admin', by('orga_2', 'app_2', 'example.com')), true);
  assert.equal(taken('www.example.com', by('orga_2', 'app_2', '*.example.com')), true);
  assert.equal(taken('*.example.com', by('orga_2', 'app_2', 'www.example.com')), true);
});

test('the owner’s own applications share a host by path, and no two of them the same path', () => {
  const other = by('orga_1', 'app_2', 'example.com/api');
  assert.equal(taken('example.com', other), false);
  assert.equal(taken('example.com/api', other), true);
  assert.equal(taken('example.com/api', by('orga_1', 'app_1', 'example.com/api')), false);
});

test('a domain is kept in lower case and written without the path where there is none', () => {
  assert.equal(formatDomain(parseDomain(' API.Example.com ')), 'api.example.com');
  assert.equal(formatDomain(parseDomain('example.com/v1')), 'example.com/v1');
});

for (const text of [
  '',
  'localhost',
  '-a.com',
  'a..com',
  'a.com:80',
  'a.com/ü',
  '*.com/../x y',
  'http://a.com',
])
  test(`${JSON.stringify(text)} is no domain`, () => {
    assert.throws(() => parseDomain(text), { name: 'Refusal' });
  });
