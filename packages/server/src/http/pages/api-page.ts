import type { FastifyInstance } from 'fastify';
import { describeApi } from '../openapi/describe-api.ts';
import type { Document, Method, Operation } from '../openapi/document.ts';
import { describeOperation } from './api-operation.ts';
import { API_STYLE } from './api-style.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { renderPage } from './page.ts';
import { inline, prose } from './prose.ts';
import { spellSchema } from './spell-schema.ts';

/** The HTTP API: as a document for programs, and as a page. */
export function apiPage(app: FastifyInstance, { version }: { version: string }): void {
  let page: string | undefined;
  app.get('/openapi.json', (_, reply) =>
    reply.type('application/json').send(JSON.stringify(describeApi(version))),
  );
  app.get('/docs/api', (_, reply) => {
    page ??= renderApi(describeApi(version));
    return reply.type('text/html; charset=utf-8').send(page);
  });
}

function renderApi(document: Document): string {
  const { info, tags } = document;
  const body = html`<div class="api">
    <nav aria-label="Contents">${contents(document)}</nav>
    <div>
      <h1>HTTP API</h1>
      <p class="soft">
        Version ${info.version}, for programs: <a href="/openapi.json">openapi.json</a> (OpenAPI
        3.1)
      </p>
      ${prose(info.description)} ${signingIn(document)}
      ${tags.map(({ name }) => describeGroup(document, name))} ${schemas(document)}
      ${errors(document)}
    </div>
  </div>`;
  return renderPage({ title: 'HTTP API', body, wide: true, style: API_STYLE });
}

type Found = { path: string; method: Method; operation: Operation };

const operationsOf = ({ paths }: Document, tag: string): Found[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]) => ({ path, method: method as Method, operation })),
  );

const titleOf = (tag: string): string => tag.charAt(0).toUpperCase() + tag.slice(1);

function contents(document: Document): Html {
  const entry = (id: string, title: string, count?: number): Html =>
    html`<li>
      <a href="#${id}">${title} <small>${count ?? ''}</small></a>
    </li>`;
  const { tags, components } = document;
  return html`<ul>
    ${entry('signing-in', 'Signing in')}
    ${tags.map(({ name }) => entry(name, titleOf(name), operationsOf(document, name).length))}
    ${entry('schemas', 'Schemas', Object.keys(components.schemas).length)}
    ${entry('errors', 'Errors')}
  </ul>`;
}

function signingIn({ components }: Document): Html {
  const ways = Object.entries(components.securitySchemes);
  return html`<h2 id="signing-in">Signing in</h2>
    <p>
      Whoever asks proves who they are with a token and its secret, in the
      <code>Authorization</code> header; each way is as good.
    </p>
    <dl>
      ${ways.map(
        ([name, { description }]) =>
          html`<dt>${name}</dt>
            <dd>${inline(description)}</dd>`,
      )}
    </dl>`;
}

const describeGroup = (document: Document, tag: string): Html =>
  html`<section>
    <h2 id="${tag}">${titleOf(tag)}</h2>
    ${operationsOf(document, tag).map(({ path, method, operation }) => describeOperation(operation, { path, method }))}
  </section>`;

const schemas = ({ components }: Document): Html =>
  html`<section>
    <h2 id="schemas">Schemas</h2>
    ${Object.entries(components.schemas).map(
      ([name, schema]) =>
        html`<details class="named">
          <summary><code>${name}</code></summary>
          <div id="schema-${name}"><pre>${spellSchema(schema)}</pre></div>
        </details>`,
    )}
  </section>`;

function errors(document: Document): Html {
  const codes = Object.entries(document['x-error-codes']);
  return html`<section>
    <h2 id="errors">Errors</h2>
    <p>
      An error says in a sentence what is wrong, and in a code what kind it is. Its shape depends on
      the part of the API: <code>ErrorOfV2</code> under <code>/v2</code> and <code>/grid</code>,
      <code>ErrorOfV4</code> under <code>/v4</code>, <code>ErrorOfTokens</code> for API tokens,
      whose codes have dashes.
    </p>
    <div class="table">
      <table>
        <thead>
          <tr>
            <th>Code</th>
            <th>Status</th>
          </tr>
        </thead>
        <tbody>
          ${codes.map(
            ([code, status]) =>
              html`<tr>
                <td><code>${code}</code></td>
                <td>${status}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
