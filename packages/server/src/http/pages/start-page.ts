import type { FastifyInstance } from 'fastify';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { renderPage } from './page.ts';

/** What a browser sees at the platform's own address. */
export function startPage(
  app: FastifyInstance,
  { addresses }: { addresses(): { url: string } },
): void {
  // who watches over the platform asks for the head alone
  app.get('/', { exposeHeadRoute: true }, (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .send(renderPage({ title: 'Running', body: describeStart(addresses().url) })),
  );
}

const describeStart = (url: string): Html =>
  html`<h1>Clever Grid is running</h1>
    <p>Push code, get a GPU, pay for the minutes you used, on machines you own.</p>
    <p>Sign in from a terminal, create an application, push:</p>
    <pre>
grid login --url ${url}
grid app create train --type ml_python
git push grid HEAD:master</pre>
    <p>The official <code>clever</code> command line works too: <code>eval "$(grid env)"</code></p>
    <p>Programs find the HTTP API at <a href="/docs/api">/docs/api</a></p>`;
