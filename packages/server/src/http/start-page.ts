import type { FastifyInstance } from 'fastify';
import type { HttpContext } from './context.ts';

/** What a browser sees at the platform's own address. */
export function startPage(app: FastifyInstance, { addresses }: HttpContext): void {
  app.get('/', (_, reply) => {
    const { url } = addresses();
    return reply.type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Clever Grid</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:38rem;margin:15vh auto;padding:0 1rem;color:#222}
pre{background:#f4f4f6;padding:1rem;border-radius:.5rem;overflow:auto}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}pre{background:#1d1d21}}</style></head>
<body><h1>Clever Grid is running</h1>
<p>Push code, get a GPU, pay for the minutes you used, on machines you own.</p>
<p>Sign in from a terminal, create an application, push:</p>
<pre>grid login --url ${url}
grid app create train --type ml_python
git push grid HEAD:master</pre></body></html>`);
  });
}
