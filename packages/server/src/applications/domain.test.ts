import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationId, OwnerId } from '../lib/ids.ts';
import { defaultDomain, formatDomain, judgeAddress, parseDomain, proofNames } from './domain.ts';
import type { Asker, Held, Known, Reserved } from './domain.ts';

const me = 'orga_1' as OwnerId;
const other = 'orga_2' as OwnerId;
const mine: Asker = { applicationId: 'app_1' as ApplicationId, ownerId: me, operator: false };
const platformHosts = ['localhost', 'grid.localhost'];
const world = { platformHosts, held: [], reserved: [], open: true };

const judge = (text: string, known: Partial<Known> = {}, by: Partial<Asker> = {}) =>
  judgeAddress(parseDomain(text), { ...mine, ...by }, { ...world, ...known });
const held = (ownerId: OwnerId, applicationId: string, text: string): { held: Held[] } => ({
  held: [{ ...parseDomain(text), applicationId: applicationId as ApplicationId, ownerId }],
});
const reserved = (host: string, ownerId: OwnerId | null): { reserved: Reserved[] } => ({
  reserved: [{ host, ownerId }],
});

test('a free name of the world may be had where names are open, else by who proves it', () => {
  assert.equal(judge('example.com'), 'granted');
  assert.equal(judge('example.com', { open: false }), 'unproven');
});

test('a wildcard is for who proves it, also where names are open', () => {
  assert.equal(judge('*.example.com'), 'unproven');
});

test('the platform’s names, and a wildcard over those of applications, are never given away', () => {
  for (const operator of [false, true])
    for (const text of ['grid.localhost', 'grid.localhost/path', '*.grid.localhost'])
      assert.equal(judge(text, {}, { operator }), 'taken', text);
});

test('below the platform’s name only an operator gives names, and above it too', () => {
  const platform = { platformHosts: ['grid.example.com'] };
  for (const label of ['login', 'www', 'console', 'api', 'git', 'app-zz', 'a.b', '*.a'])
    assert.equal(judge(`${label}.grid.example.com`, platform), 'operators', label);
  assert.equal(judge('example.com', platform), 'operators');
  assert.equal(judge('model.grid.example.com', platform, { operator: true }), 'granted');
  const given = { ...platform, ...reserved('model.grid.example.com', me) };
  assert.equal(judge('model.grid.example.com', given), 'granted');
  assert.equal(judge('*.model.grid.example.com', given), 'granted');
  assert.equal(judge('model.grid.example.com', given, { ownerId: other }), 'taken');
});

test('another application’s default name, and what is below it, is never given away; the own one is', () => {
  const id = (digit: string) =>
    `app_${digit.repeat(8)}-1111-4111-8111-111111111111` as ApplicationId;
  const own = { applicationId: id('1') };
  const name = (digit: string) => defaultDomain(id(digit), 'grid.localhost');
  assert.equal(judge(name('1'), {}, own), 'granted');
  assert.equal(judge(name('2'), {}, { ...own, operator: true }), 'taken');
  const theirs = held(other, id('2'), name('2'));
  assert.equal(judge(`x.${name('2')}`, theirs, own), 'taken');
  assert.equal(judge(`*.${name('2')}`, theirs, own), 'taken');
});

test('names that each network gives a meaning of its own are the operator’s to give', () => {
  for (const name of ['a.local', 'db.internal', 'x.localhost', '1.in-addr.arpa', 'x.onion'])
    assert.equal(judge(name, { platformHosts: ['grid.example.com'] }), 'operators', name);
  assert.equal(judge('db.corp.internal', reserved('corp.internal', me)), 'granted');
});

test('a host belongs to an owner, with its paths, and with the names below it and above it', () => {
  const by = (text: string) => held(other, 'app_2', text);
  assert.equal(judge('example.com/admin', by('example.com')), 'taken');
  assert.equal(judge('www.example.com', by('*.example.com')), 'taken');
  assert.equal(judge('*.example.com', by('www.example.com')), 'taken');
  assert.equal(judge('a.b.example.com', by('example.com')), 'taken');
  assert.equal(judge('example.com', by('a.b.example.com')), 'taken');
  assert.equal(judge('example.com', { ...by('a.b.example.com') }, { operator: true }), 'taken');
});

test('the owner’s own applications share a host by path, and no two of them the same path', () => {
  const api = held(me, 'app_2', 'example.com/api');
  assert.equal(judge('example.com', api), 'granted');
  assert.equal(judge('example.com/api', api), 'taken');
  assert.equal(judge('example.com/api', held(me, 'app_1', 'example.com/api')), 'granted');
});

test('what the operator keeps from everybody, or gave to somebody, nobody else proves', () => {
  assert.equal(judge('example.com', { ...reserved('example.com', null), open: false }), 'taken');
  assert.equal(judge('a.example.com', reserved('example.com', other)), 'taken');
  const nearest = {
    reserved: [
      { host: 'example.com', ownerId: other },
      { host: 'a.example.com', ownerId: me },
    ],
  };
  assert.equal(judge('b.a.example.com', nearest), 'granted');
});

test('the record may be at the name, and above it up to what is registered', () => {
  assert.deepEqual(proofNames('*.a.example.co.uk'), [
    '_clever-grid.a.example.co.uk',
    '_clever-grid.example.co.uk',
  ]);
});

const spellings = {
  ' API.Example.com ': 'api.example.com',
  'example.com.': 'example.com',
  'example.com/v1': 'example.com/v1',
  'example.com/v1/': 'example.com/v1',
  'example.com/': 'example.com',
  'example.com/%7euser/%c3%a9': 'example.com/~user/%C3%A9',
  'BÜCHER.example.com': 'xn--bcher-kva.example.com',
  'XN--BCHER-KVA.example.com': 'xn--bcher-kva.example.com',
  'ex。ample.com': 'ex.ample.com',
  '*.Example.com': '*.example.com',
};
for (const [written, kept] of Object.entries(spellings))
  test(`${JSON.stringify(written)} is kept as ${kept}`, () => {
    assert.equal(formatDomain(parseDomain(written)), kept);
  });

for (const text of [
  '',
  'localhost',
  '-a.com',
  'a..com',
  'a.com:80',
  'a.com/ü',
  'a.com/%zz',
  '*.com/../x y',
  'http://a.com',
  'a.com/../x',
  'a.com/./x',
  'a.com/%2e%2E/x',
  'a.com/a//b',
  'a.com/x?y',
  'a_b.com',
  '127.0.0.1',
  '127.1',
  '0x7f.0.0.1',
  '0x7f.1',
  '2130706433',
  '１.２.３.４',
  '1.2.3.4.',
  '*.1.2.3.4',
  '[::1]',
  '::1',
  'exa%6dple.com',
  'a.*.com',
  '*.*.a.com',
  'com',
  'co.uk',
  'CO.UK.',
  '*.co.uk',
  'github.io',
  '*.github.io',
  'xn--p1ai',
  `${'a'.repeat(64)}.com`,
  `${'a.'.repeat(126)}com`,
  'a.com..',
])
  test(`${JSON.stringify(text)} is no domain`, () => {
    assert.throws(() => parseDomain(text), { name: 'Refusal' });
  });
