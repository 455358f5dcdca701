import { errors, rights } from '@grid/api';
import { refusals } from '../../lib/refusal.ts';
import { describeEndpoint, describeSocket, describeStream } from './describe-operation.ts';
import { rolesWith } from './describe-rule.ts';
import { endpoints, sockets, streams } from './described.ts';
import { SECURITY } from './document.ts';
import type { Document, Method, Operation, Response } from './document.ts';
import { toJsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** The whole HTTP API as an OpenAPI document: what `packages/api` describes is in it, and nothing else. */
export function describeApi(version: string): Document {
  const components = new Map<string, JsonSchema>();
  const responses = Object.fromEntries(
    Object.entries(errors).map(([name, schema]): [string, Response] => {
      const content = {
        'application/json': { schema: toJsonSchema(schema, { io: 'output', components }) },
      };
      return [
        name,
        {
          description: 'It was refused, or failed: the code, one of `x-error-codes`, says why.',
          content,
        },
      ];
    }),
  );
  const paths = describePaths(components);
  const schemas = Object.fromEntries([...components].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Clever Grid',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: Object.keys(SECURITY).map((name) => ({ [name]: [] })),
    tags: tagsOf(paths).map((name) => ({ name })),
    paths,
    components: { securitySchemes: SECURITY, responses, schemas },
    'x-rights': Object.fromEntries(rights.Right.options.map((right) => [right, rolesWith(right)])),
    'x-error-codes': { ...refusals, failed: 500 },
  };
}

/** All operations, by path; the methods of each in the order in which people think of them. */
function describePaths(components: Map<string, JsonSchema>): Document['paths'] {
  const all: [string, Method, Operation][] = [
    ...endpoints.map((one): [string, Method, Operation] => [
      one.path,
      one.method.toLowerCase() as Method,
      describeEndpoint(one, components),
    ]),
    ...streams.map((one): [string, Method, Operation] => [
      one.path,
      'get',
      describeStream(one, components),
    ]),
    ...sockets.map((one): [string, Method, Operation] => [
      one.path,
      'get',
      describeSocket(one, components),
    ]),
  ];
  const byPath = Map.groupBy(all, ([path]) => path);
  return Object.fromEntries(
    [...byPath]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, operations]) => [
        path.replaceAll(/:(\w+)/g, '{$1}'),
        Object.fromEntries(
          METHODS.flatMap((method) => operations.filter(([, one]) => one === method)).map(
            ([, method, operation]) => [method, operation],
          ),
        ),
      ]),
  );
}

const METHODS: readonly Method[] = ['get', 'post', 'put', 'delete'];

const tagsOf = (paths: Document['paths']): string[] =>
  [
    ...new Set(
      Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags)),
    ),
  ].toSorted();

const DESCRIPTION = `What lies under \`/v2\` and \`/v4\` has the shapes of Clever Cloud’s API, so that its tools work; \`/grid/v1\` is Clever Grid’s own.

Requests and answers are JSON; times are milliseconds since 1970 where they are numbers, else ISO 8601. An owner is an organization (\`orga_…\`) or a user (\`user_…\`) for their personal space; \`self\` stands for whoever asks. What belongs to others answers as if it did not exist.

Each operation says whom it is for: whoever asks, whoever is signed in, operators, or members of the owner in the path whose role has a right (\`x-rights\` lists the roles of each). Whoever lacks it is answered 403, whoever is no member 404. \`GET /grid/v1/self\` tells the roles of whoever asks.`;
