import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { allowCliLogin, isCliWord } from '../../accounts/cli-login.ts';
import type { User } from '../../accounts/user.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../store/database.ts';
import { Refusal } from '../../lib/refusal.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { renderPage } from './page.ts';
import { requireOwnForm, readSession } from './session.ts';
import { showSignIn } from './sign-in-page.ts';

const Query = z.object({ cli_token: z.string().optional(), cli_version: z.string().optional() });
const Form = z.object({ cli_token: z.string(), answer: z.enum(['allow', 'deny']) });

type CliOauthNeeds = { database: Database; clock: Clock };

/** The page that `clever login` opens: whoever it is says whether a command line may act for them. */
export function cliOauthPage(app: FastifyInstance, needs: CliOauthNeeds): void {
  app.get('/cli-oauth', async (request, reply) => {
    const { cli_token: word = '', cli_version: version = '' } = Query.parse(request.query);
    if (!isCliWord(word)) return show(reply.code(400), 'This login is not complete', INCOMPLETE);
    const session = await readSession(needs, request);
    if (session === undefined) return showSignIn(reply, { next: request.url });
    const asked = { word, version, path: request.url };
    return show(reply, 'Allow a command line?', askWhether(session.user, asked));
  });
  app.post('/cli-oauth', async (request, reply) => {
    requireOwnForm(request);
    const { cli_token: word, answer } = Form.parse(request.body);
    const session = await readSession(needs, request);
    if (session === undefined) return showSignIn(reply, { next: `/cli-oauth?cli_token=${word}` });
    if (answer === 'deny') return show(reply, 'Not allowed', DENIED);
    if (!isCliWord(word)) return show(reply.code(400), 'This login is not complete', INCOMPLETE);
    try {
      await allowCliLogin(needs, session, word);
      return await show(reply, 'You are signed in', ALLOWED);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return show(reply.code(409), 'Answered before', html`<p>${error.message}</p>`);
    }
  });
}

const show = (reply: FastifyReply, title: string, body: Html) =>
  reply.type('text/html; charset=utf-8').send(
    renderPage({
      title,
      body: html`<h1>${title}</h1>
        ${body}`,
    }),
  );

const INCOMPLETE = html`<p>
  Run <code>clever login</code> again, and open the whole address that it prints.
</p>`;
const DENIED = html`<p>
  The command line gets nothing. You can close this page, and end the command with Ctrl-C.
</p>`;
const ALLOWED = html`<p>
  The command line goes on by itself within two seconds. You can close this page.
</p>`;

const askWhether = (
  { name, email }: User,
  { word, version, path }: { word: string; version: string; path: string },
): Html =>
  html`<p>
      A command line asks to act for you on this platform, with all your rights, for as long as it
      is used, and a year at most. <code>grid tokens</code> ends it sooner.
    </p>
    <dl>
      <dt>You are</dt>
      <dd>${name} (${email})</dd>
      <dt>It is</dt>
      <dd>clever ${version.slice(0, 20)}</dd>
      <dt>Its address ends with</dt>
      <dd><code>${word.slice(-8)}</code></dd>
    </dl>
    <p>
      <strong>Go on only if you have just run <code>clever login</code> yourself</strong>, and the
      address that it printed ends with the same letters.
    </p>
    <form method="post" action="/cli-oauth">
      <input type="hidden" name="cli_token" value="${word}" />
      <button name="answer" value="allow">Allow</button>
      <button name="answer" value="deny" class="plain">Deny</button>
    </form>
    <form method="post" action="/sign-out">
      <input type="hidden" name="next" value="${path}" />
      <button class="plain">Sign in as somebody else</button>
    </form>`;
