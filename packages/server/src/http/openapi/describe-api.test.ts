import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { rights } from '@grid/api';
import { describeApi } from './describe-api.ts';
import { endpoints, sockets, streams } from './described.ts';
import type { Document } from './document.ts';

/** OpenAPI 3.1, its schemas too. */
const META_SCHEMA = 'https://spec.openapis.org/oas/3.1/schema-base';

const document = describeApi('1.2.3');
const text = JSON.stringify(document);

const errorsOf = async (one: Document): Promise<string[]> => {
  const output = await validate(META_SCHEMA, JSON.parse(JSON.stringify(one)), 'BASIC');
  const { errors = [] } = output as { errors?: { instanceLocation: string }[] };
  return errors.map(({ instanceLocation }) => instanceLocation);
};

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

test('the document is OpenAPI 3.1, down to its schemas', async () => {
  assert.deepEqual(await errorsOf(document), []);
  const { schemas } = document.components;
  const wrong = { ...document.components, schemas: { ...schemas, X: { type: 'text' } } };
  assert.ok((await errorsOf({ ...document, components: wrong })).length > 0);
});

test('everything that is described is in it once', () => {
  const described = [...endpoints, ...streams, ...sockets].map(({ name }) => name);
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.ok(streams.length > 0 && sockets.length > 0 && endpoints.length > 50);
  assert.deepEqual(ids.toSorted(), described.toSorted());
});

test('what it refers to is there', () => {
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  const absent = references.filter(
    (path) =>
      path
        .split('/')
        .reduce<unknown>((one, key) => (one as Record<string, unknown>)?.[key], document) ===
      undefined,
  );
  assert.ok(references.length > 50);
  assert.deepEqual(absent, []);
});

test('a path has the parameters that it names', () => {
  for (const { path, operation } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const described = (operation.parameters ?? []).filter((one) => one.in === 'path');
    assert.deepEqual(described.map(({ name }) => name).toSorted(), named.toSorted(), path);
    assert.ok(described.every(({ required }) => required));
  }
});

test('each says whom it is for, to readers and to programs', () => {
  const described = new Map([...endpoints, ...streams, ...sockets].map((one) => [one.name, one]));
  for (const { operation } of operations) {
    const { operationId, description, security } = operation;
    const rule = described.get(operationId)?.for;
    const isSocket = 'x-messages' in operation;
    assert.match(description, /For (whoever|members|operators)/, operationId);
    if (rule === undefined || isSocket || !(rights.isRight(rule) || rule === 'operator')) continue;
    assert.deepEqual(security, [{ bearer: [rule] }, { oauth: [rule] }, { basic: [rule] }]);
    if (rule === 'operator') continue;
    const roles = document['x-rights'][rule] ?? [];
    assert.ok(roles.length > 0, operationId);
    for (const role of roles) assert.ok(description.includes(role), `${operationId}: ${role}`);
  }
});

test('what is open asks for no credentials, and errors have the shape of their part', () => {
  for (const { path, operation } of operations) {
    const endpoint = endpoints.find(({ name }) => name === operation.operationId);
    const open = endpoint === undefined ? 'x-messages' in operation : endpoint.for === 'open';
    assert.equal(operation.security?.length === 0, open, operation.operationId);
    const shape = path.startsWith('/v4/') ? 'V4' : path.startsWith('/api-tokens') ? 'Tokens' : 'V2';
    assert.deepEqual(operation.responses['4XX'], {
      $ref: `#/components/responses/ErrorOf${shape}`,
    });
  }
});

test('times, limits and named schemas are said', () => {
  const logs = operations.find(({ operation }) => operation.operationId === 'logs.streamLogs');
  const parameters = new Map(logs?.operation.parameters?.map((one) => [one.name, one]));
  assert.deepEqual(parameters.get('since')?.schema, { type: 'string', format: 'date-time' });
  assert.deepEqual(parameters.get('limit')?.schema, { type: 'integer', minimum: 1 });
  assert.equal(parameters.get('Last-Event-ID')?.in, 'header');
  assert.deepEqual(logs?.operation['x-events']?.['APPLICATION_LOG'], {
    $ref: '#/components/schemas/LogRecord',
  });
});
