import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { handleGitHttp } from '../git/http-git.ts';
import { answerBadAddress, answerErrors } from './answer-error.ts';
import type { HttpContext } from './context.ts';
import { boundStrangers } from './crowd.ts';
import { authorityRoute } from './authority-route.ts';
import { gridAccountRoutes } from './grid/account-routes.ts';
import { limitRoutes } from './grid/limit-routes.ts';
import { metricsRoutes } from './grid/metrics-routes.ts';
import { queueRoutes } from './grid/queue-routes.ts';
import { gridRoutes } from './grid/routes.ts';
import { sandboxRoutes } from './grid/sandbox-routes.ts';
import { runRoutes } from './grid/run-routes.ts';
import { setHeaders } from './headers.ts';
import { metricsRoute } from './metrics-route.ts';
import { pages } from './pages/pages.ts';
import { serveSockets } from './upgrades.ts';
import { accountRoutes } from './v2/account-routes.ts';
import { domainRoutes } from './v2/domain-routes.ts';
import { dependencyRoutes } from './v2/dependency-routes.ts';
import { tokenRoutes } from './v2/token-routes.ts';
import { applicationRoutes } from './v2/application-routes.ts';
import { deploymentRoutes } from './v2/deployment-routes.ts';
import { eventSocket } from './v2/event-socket.ts';
import { productRoutes } from './v2/product-routes.ts';
import { accessLogRoutes } from './v4/access-log-routes.ts';
import { logRoutes } from './v4/log-routes.ts';

/** The router's limit, and what the router says of itself. */
const LARGEST_HEADERS = 72 * 1024;

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
  accountRoutes(app, context);
  tokenRoutes(app, context);
  productRoutes(app, context);
  applicationRoutes(app, context);
  domainRoutes(app, context);
  dependencyRoutes(app, context);
  deploymentRoutes(app, context);
  logRoutes(app, context);
  accessLogRoutes(app, context);
  gridRoutes(app, context);
  gridAccountRoutes(app, context);
  runRoutes(app, context);
  queueRoutes(app, context);
  sandboxRoutes(app, context);
  limitRoutes(app, context);
  metricsRoutes(app, context);
  metricsRoute(app, context);
  authorityRoute(app, context);
  pages(app, context);
  return app;
}

/** Git streams: nothing is parsed, nothing is limited. */
function gitRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/git/*',
    config: { guarded: true },
    async handler(request, reply) {
      reply.hijack();
      await handleGitHttp(context, request.raw, reply.raw);
    },
  });
}
