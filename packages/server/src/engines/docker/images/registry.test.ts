import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from './image-reference.ts';
import { explainPull } from './pull-images.ts';
import { buildHeaders, hostOf, pullHeaders, pullName, serverAddress } from './registry.ts';

const login = (server: string) => ({ server, username: 'ada', password: 'secret' });

const named = (reference: string) => {
  const name = parseReference(reference);
  assert.ok(name !== undefined);
  return name;
};

test('a name without a tag means one image, not all', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.deepEqual(pullName(named('a/b')), { fromImage: 'docker.io/a/b', tag: 'latest' });
  assert.deepEqual(pullName(named('h:5000/b')), { fromImage: 'h:5000/b', tag: 'latest' });
  assert.deepEqual(pullName(named('h:5000/b:1')), { fromImage: 'h:5000/b', tag: '1' });
  assert.deepEqual(pullName(named(`b:1@${digest}`)), {
    fromImage: 'docker.io/library/b',
    tag: digest,
  });
});

test('Docker Hub has many names', () => {
  for (const server of ['', 'docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'])
    assert.equal(hostOf(server), 'docker.io');
  assert.equal(serverAddress(login('')), 'https://index.docker.io/v1/');
  assert.equal(serverAddress(login('https://Registry.example.com/')), 'registry.example.com');
});

test('a login goes to its own registry and to no other', () => {
  assert.deepEqual(pullHeaders(named('python'), login('registry.example.com')), {});
  assert.deepEqual(pullHeaders(named('python'), undefined), {});
  const sent = pullHeaders(named('registry.example.com/a'), login('registry.example.com'))[
    'x-registry-auth'
  ];
  assert.deepEqual(JSON.parse(Buffer.from(sent ?? '', 'base64url').toString()), {
    username: 'ada',
    password: 'secret',
    serveraddress: 'registry.example.com',
  });
  const all = buildHeaders(login('registry.example.com'))['x-registry-config'];
  assert.deepEqual(
    Object.keys(JSON.parse(Buffer.from(all ?? '', 'base64url').toString()) as object),
    ['registry.example.com'],
  );
});

test('a login of any length is padded: Docker takes none that is not for nobody', () => {
  for (const password of ['a', 'ab', 'abc', 'abcd']) {
    const of = { ...login('registry.example.com'), password };
    const sent = pullHeaders(named('registry.example.com/a'), of)['x-registry-auth'] ?? '';
    assert.match(sent, /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/);
  }
});

test('a pull that fails says which line, and what to do', () => {
  const reference = 'registry.example.com/a:1';
  const image = { reference, name: named(reference), line: 3, use: 'base' } as const;
  const explain = (refused: string, server?: string) =>
    explainPull(
      { image, dockerfile: 'Dockerfile', login: server === undefined ? undefined : login(server) },
      refused,
    );
  const denied = explain('pull access denied for a');
  assert.equal(denied.reason, 'invalid_file');
  assert.match(
    denied.detail,
    /^Dockerfile, line 3: .*CC_DOCKER_LOGIN_SERVER=registry\.example\.com/,
  );
  assert.match(explain('denied', 'registry.example.com').detail, /ada may not have it/);
  assert.match(explain('manifest unknown').detail, /is not found/);
  assert.equal(explain('dial tcp: connection refused').reason, 'exited');
});
