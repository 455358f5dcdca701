import type { FastifyInstance, FastifyReply } from 'fastify';
import { parseId } from '../../lib/ids.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { renderPage } from './page.ts';

/** Where the official command line's links to its console lead: what to ask in a terminal instead. */
export function consolePage(app: FastifyInstance): void {
  const answer = (request: { params: unknown }, reply: FastifyReply) => {
    const path = (request.params as { '*'?: string })['*'] ?? '';
    const id = path.split('/').find((part) => parseId('application', part) !== undefined);
    return reply
      .type('text/html; charset=utf-8')
      .send(renderPage({ title: 'Look from a terminal', body: describe(id) }));
  };
  for (const path of ['/goto/*', '/organisations/*', '/users/*']) app.get(path, answer);
}

const describe = (id: string | undefined): Html => {
  const named = id === undefined ? '' : ` --app ${id}`;
  return html`<h1>Look from a terminal</h1>
    <p>This platform has no dashboard yet. What you are looking for:</p>
    <pre>
grid status${named}
grid logs -f${named}
grid activity${named}</pre>
    <p>
      The official command line knows the same words: <code>clever</code> in place of
      <code>grid</code>.
    </p>`;
};
