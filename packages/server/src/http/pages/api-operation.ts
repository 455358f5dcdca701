import type { Method, Operation, Parameter, Response } from '../openapi/document.ts';
import type { JsonSchema } from '../openapi/json-schema.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { inline, prose } from './prose.ts';
import { rulesOf, spellSchema } from './spell-schema.ts';

/** One thing that can be asked, closed; what it takes and answers is inside. */
export function describeOperation(
  operation: Operation,
  { path, method }: { path: string; method: Method },
): Html {
  const { operationId, summary, description } = operation;
  const verb = verbOf(operation, method);
  return html`<details>
    <summary>
      <span class="verb ${verb}">${verb.toUpperCase()}</span> <code>${markParameters(path)}</code>
      <span class="what">${inline(summary)}</span>
    </summary>
    <div id="${operationId}">
      ${prose(description)} ${describeParameters(operation.parameters ?? [])}
      ${describeBody(operation)} ${describeAnswer(operation)}
      ${describeAll('Events', operation['x-events'])} ${describeMessages(operation)}
      <p class="soft"><small>${operationId}</small></p>
    </div>
  </details>`;
}

const verbOf = (operation: Operation, method: Method): string => {
  if (operation['x-messages'] !== undefined) return 'ws';
  return operation['x-events'] === undefined ? method : 'sse';
};

const markParameters = (path: string): Html[] =>
  path
    .split(/(\{\w+\})/)
    .map((part) => (part.startsWith('{') ? html`<b>${part}</b>` : html`${part}`));

function describeParameters(parameters: readonly Parameter[]): Html {
  if (parameters.length === 0) return html``;
  const rows = parameters.map(
    ({ name, in: where, required, schema, description }) =>
      html`<tr>
        <td><code>${name}</code></td>
        <td>${where}${required ? '' : ', optional'}</td>
        <td><code>${spellSchema(schema)}</code></td>
        <td>
          ${inline(rulesOf({ ...schema, ...(description !== undefined && { description }) }))}
        </td>
      </tr>`,
  );
  return html`<h3>Parameters</h3>
    <div class="table">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Where</th>
            <th>Type</th>
            <th>What</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

const block = (schema: JsonSchema): Html => html`<pre>${spellSchema(schema)}</pre>`;

function describeBody({ requestBody }: Operation): Html {
  const schema = requestBody?.content['application/json']?.schema;
  return schema === undefined
    ? html``
    : html`<h3>Body</h3>
        ${block(schema)}`;
}

function describeAnswer({ responses }: Operation): Html {
  const [[status, answer] = ['', { description: '' }]] = Object.entries(responses) as [
    string,
    Response,
  ][];
  const schema = answer.content?.['application/json']?.schema;
  return html`<h3>Answer</h3>
    <p><code>${status}</code> ${answer.description}</p>
    ${schema === undefined ? [] : block(schema)}`;
}

function describeMessages({ 'x-messages': messages }: Operation): Html {
  if (messages === undefined) return html``;
  return describeAll('Messages', {
    'What clients say': messages.fromClient,
    'What they are told': messages.fromPlatform,
    'What the data of an event is, once parsed': messages.nested,
  });
}

function describeAll(title: string, schemas: Record<string, JsonSchema> | undefined): Html {
  if (schemas === undefined) return html``;
  const each = Object.entries(schemas).map(
    ([name, schema]) =>
      html`<p>${name}</p>
        ${block(schema)}`,
  );
  return html`<h3>${title}</h3>
    ${each}`;
}
