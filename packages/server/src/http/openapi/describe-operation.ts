import { logs } from '@grid/api';
import type { z } from 'zod';
import { errorShapeOf } from '../answer-error.ts';
import type { DescribedEndpoint, DescribedSocket, DescribedStream } from './described.ts';
import { SECURITY } from './document.ts';
import type { Operation, Parameter } from './document.ts';
import { requirementsOf, spellListeners, spellRule } from './describe-rule.ts';
import { toJsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

type Components = Map<string, JsonSchema>;

/** What each way of signing in is called. */
const schemes = Object.keys(SECURITY);

/** An endpoint as OpenAPI has it. */
export function describeEndpoint(endpoint: DescribedEndpoint, components: Components): Operation {
  const body = toJsonSchema(endpoint.body, { io: 'input', components });
  const result = toJsonSchema(endpoint.result, { io: 'output', components });
  return {
    ...describeAny(endpoint),
    description: spellRule(endpoint.for),
    ...requirementsOf(endpoint.for, schemes),
    ...parameters(endpoint),
    ...(!isNothing(body) && { requestBody: { required: true, content: json(body) } }),
    responses: {
      ...(isNothing(result)
        ? { '2XX': { description: 'Done: there is nothing to read.' } }
        : { '200': { description: 'What was asked for.', content: json(result) } }),
      ...errors(endpoint),
    },
  };
}

/** A stream of server-sent events. */
export function describeStream(stream: DescribedStream, components: Components): Operation {
  const description = `Server-sent events (\`text/event-stream\`): \`${stream.event}\` with its data as JSON, \`HEARTBEAT\` every two seconds, and \`END_OF_STREAM\` with the reason once there are no more. Send the id of the last event as \`Last-Event-ID\` to go on after it.`;
  const content = { 'text/event-stream': { schema: { type: 'string' } } };
  const { parameters: own = [] } = parameters(stream);
  return {
    ...describeAny(stream),
    description: `${description}\n\n${spellRule(stream.for)}`,
    ...requirementsOf(stream.for, schemes),
    parameters: [...own, LAST_EVENT_ID],
    responses: { '200': { description: 'Events, as they come.', content }, ...errors(stream) },
    'x-events': {
      [stream.event]: toJsonSchema(stream.data, { io: 'output', components }),
      HEARTBEAT: { type: 'object' },
      END_OF_STREAM: toJsonSchema(logs.EndOfStream, { io: 'output', components }),
    },
  };
}

const LAST_EVENT_ID: Parameter = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last event that was taken.',
  schema: { type: 'string' },
};
/** A WebSocket. */
export function describeSocket(socket: DescribedSocket, components: Components): Operation {
  return {
    ...describeAny(socket),
    description: `A WebSocket with messages in JSON. The first of the client says who it is, within ten seconds; each heartbeat wants an answer before the next.\n\n${spellListeners(socket.for)}`,
    security: [],
    responses: { '101': { description: 'The connection is a WebSocket.' }, ...errors(socket) },
    'x-messages': {
      fromClient: toJsonSchema(socket.fromClient, { io: 'input', components }),
      fromPlatform: toJsonSchema(socket.fromPlatform, { io: 'output', components }),
      nested: toJsonSchema(socket.nested, { io: 'output', components }),
    },
  };
}

type Any = { group: string; name: string; summary: string };

const describeAny = ({ group, name, summary }: Any) => ({
  operationId: name,
  tags: [group],
  summary,
});

const isNothing = (schema: JsonSchema): boolean => Object.keys(schema).length === 0;

const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

/** Parameters of the path, then those of the query. */
function parameters({ params, query }: { params: z.ZodType; query: z.ZodType }): {
  parameters?: Parameter[];
} {
  const all = [...fields(params, 'path'), ...fields(query, 'query')];
  return all.length === 0 ? {} : { parameters: all };
}

function fields(schema: z.ZodType, where: 'path' | 'query'): Parameter[] {
  const { properties = {}, required = [] } = toJsonSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

function errors({ path }: { path: string }) {
  const response = { $ref: `#/components/responses/${errorShapeOf(path)}` };
  return { '4XX': response, '5XX': response };
}
