import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { closeSession, openSession } from '../../accounts/sign-in.ts';
import type { CheckPassword } from '../../accounts/check-password.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../store/database.ts';
import { Refusal, refusals } from '../../lib/refusal.ts';
import { clientAddress, clientOf } from '../client-address.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { ownPath } from './own-path.ts';
import { renderPage } from './page.ts';
import { requireOwnForm, readSession, setSession } from './session.ts';

const Query = z.object({ next: z.string().max(2048).optional() });
const Form = z.object({
  email: z.string().max(254),
  password: z.string().max(1024),
  next: z.string().max(2048),
});

export type SignInNeeds = { database: Database; clock: Clock; checkPassword: CheckPassword };

/** Signing in and out with a browser. */
export function signInPage(app: FastifyInstance, needs: SignInNeeds): void {
  app.get('/sign-in', (request, reply) => {
    const { next = '/' } = Query.parse(request.query);
    return showSignIn(reply, { next });
  });
  app.post('/sign-in', async (request, reply) => {
    requireOwnForm(request);
    const { next, ...typed } = Form.parse(request.body);
    const credentials = { ...typed, client: clientOf(request) };
    const made = { ip: clientAddress(request) };
    try {
      setSession(reply, await openSession(needs, credentials, made));
      return await reply.code(303).header('location', ownPath(next)).send();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply.code(refusals[error.code]);
      return showSignIn(reply, { next, email: credentials.email, error: error.message });
    }
  });
  app.post('/sign-out', async (request, reply) => {
    requireOwnForm(request);
    const session = await readSession(needs, request);
    if (session !== undefined) await closeSession(needs, session);
    setSession(reply, '');
    const { next = '/' } = Query.parse(request.body ?? {});
    const location = `/sign-in?${new URLSearchParams({ next: ownPath(next) }).toString()}`;
    return reply.code(303).header('location', location).send();
  });
}

type SignIn = { next: string; email?: string; error?: string };

/** Asks who it is, and goes on at `next`. */
export const showSignIn = (reply: FastifyReply, { next, email = '', error }: SignIn) =>
  reply.type('text/html; charset=utf-8').send(
    renderPage({
      title: 'Sign in',
      body: html`<h1>Sign in</h1>
        ${error === undefined ? [] : html`<p class="alert" role="alert">${error}</p>`}
        <form method="post" action="/sign-in">
          <input type="hidden" name="next" value="${next}" />
          <label for="email">E-mail</label>
          <input
            id="email"
            name="email"
            type="email"
            autocomplete="username"
            required
            value="${email}"
            ${focus(email === '')}
          />
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required${focus(email !== '')}
          />
          <button>Sign in</button>
        </form>
        <p class="soft">
          No password yet? Set one from a terminal that is signed in: <code>grid password</code>
        </p>`,
    }),
  );

const focus = (here: boolean): Html => (here ? html` autofocus` : html``);
