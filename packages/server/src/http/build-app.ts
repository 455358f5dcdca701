import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { handleGitHttp } from '../git/http-git.ts';
import type { GitDeps } from '../git/accept-push.ts';
import type { Log } from '../lib/log.ts';
import { answerBadAddress, answerErrors } from './answer-error.ts';
import { boundStrangers } from './crowd.ts';
import { authorityRoute } from './authority-route.ts';
import { setHeaders } from './headers.ts';
import { metricsRoute } from './metrics-route.ts';
import { accountRoutes } from './routes/accounts.ts';
import { addonRoutes } from './routes/addons.ts';
import { applicationRoutes } from './routes/applications.ts';
import { billingRoutes } from './routes/billing.ts';
import { dependencyRoutes } from './routes/dependencies.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { deviceRoutes } from './routes/devices.ts';
import { domainRoutes } from './routes/domains.ts';
import { emailRoutes } from './routes/emails.ts';
import { environmentRoutes } from './routes/environment.ts';
import { flavorRoutes } from './routes/flavors.ts';
import { instanceRoutes } from './routes/instances.ts';
import { keyRoutes } from './routes/keys.ts';
import { limitRoutes } from './routes/limits.ts';
import { logRoutes } from './routes/logs.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { organizationRoutes } from './routes/organizations.ts';
import { platformRoutes } from './routes/platform.ts';
import { productRoutes } from './routes/products.ts';
import { queueRoutes } from './routes/queue.ts';
import { runRoutes } from './routes/runs.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { eventSocket } from './routes/events.ts';
import { pages } from './pages/pages.ts';
import { serveSockets } from './upgrades.ts';

/** The router's limit, and what the router says of itself. */
const LARGEST_HEADERS = 72 * 1024;

/** Whatever is described, by noun. */
const routes = [
  accountRoutes,
  addonRoutes,
  applicationRoutes,
  billingRoutes,
  dependencyRoutes,
  deploymentRoutes,
  deviceRoutes,
  domainRoutes,
  emailRoutes,
  environmentRoutes,
  flavorRoutes,
  instanceRoutes,
  keyRoutes,
  limitRoutes,
  logRoutes,
  metricsRoutes,
  organizationRoutes,
  platformRoutes,
  productRoutes,
  queueRoutes,
  runRoutes,
  tokenRoutes,
] as const;

type NeedsOf<Part> = [Part] extends [(app: FastifyInstance, needs: infer Needs) => unknown]
  ? Needs
  : never;

/** Everything that any part of it says it needs. */
export type HttpContext = NeedsOf<
  | (typeof routes)[number]
  | typeof metricsRoute
  | typeof authorityRoute
  | typeof pages
  | typeof gitRoutes
> &
  Parameters<typeof eventSocket>[0];

/** The platform's HTTP surface; it listens on the control socket, behind the router, and on the operator's. */
export function buildApp(context: HttpContext): FastifyInstance {
  const app = fastify({
    http: { maxHeaderSize: LARGEST_HEADERS },
    exposeHeadRoutes: false,
    // Clients join addresses by hand: `//v2/self` is meant as `/v2/self`.
    routerOptions: {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: 2048,
    },
    forceCloseConnections: true,
    frameworkErrors: answerBadAddress(context.log),
  });
  app.removeAllContentTypeParsers();
  // whoever serves it reads it, in its limits, once it is known who asks
  app.addContentTypeParser('*', (_, __, done) => done(null, undefined));
  app.addHook('onRequest', async (_, reply) => setHeaders(reply));
  boundStrangers(app, context);
  answerErrors(app, context.log);
  serveSockets(app, [eventSocket(context)]);
  app.register(async (git) => gitRoutes(git, context));
  for (const serveThem of routes) serveThem(app, context);
  metricsRoute(app, context);
  authorityRoute(app, context);
  pages(app, context);
  return app;
}

/** Git streams: nothing is parsed, nothing is limited. */
function gitRoutes(app: FastifyInstance, needs: GitDeps & { log: Log }): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/git/*',
    config: { guarded: true },
    async handler(request, reply) {
      reply.hijack();
      await handleGitHttp(needs, request.raw, reply.raw);
    },
  });
}
