import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { handleGitHttp } from '../git/http-git.ts';
import { answerBadAddress, answerErrors } from './answer-error.ts';
import type { HttpContext } from './context.ts';
import { authorityRoute } from './authority-route.ts';
import { limitRoutes } from './grid/limit-routes.ts';
import { metricsRoutes } from './grid/metrics-routes.ts';
import { queueRoutes } from './grid/queue-routes.ts';
import { gridRoutes } from './grid/routes.ts';
import { runRoutes } from './grid/run-routes.ts';
import { setHeaders } from './headers.ts';
import { metricsRoute } from './metrics-route.ts';
import { pages } from './pages/pages.ts';
import { serveSockets } from './upgrades.ts';
import { accountRoutes } from './v2/account-routes.ts';
import { dependencyRoutes } from './v2/dependency-routes.ts';
import { tokenRoutes } from './v2/token-routes.ts';
import { applicationRoutes } from './v2/application-routes.ts';
import { deploymentRoutes } from './v2/deployment-routes.ts';
import { eventSocket } from './v2/event-socket.ts';
import { productRoutes } from './v2/product-routes.ts';
import { accessLogRoutes } from './v4/access-log-routes.ts';
import { logRoutes } from './v4/log-routes.ts';

const LARGEST_BODY = 4 * 1024 * 1024;

/** The platform's HTTP surface; it listens on the control socket, behind the router. */
export function buildApp(context: HttpContext): FastifyInstance {
  const app = fastify({
    bodyLimit: LARGEST_BODY,
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
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) =>
    parseBody(String(body), done),
  );
  app.addHook('onRequest', async (_, reply) => setHeaders(reply));
  answerErrors(app, context.log);
  serveSockets(app, [eventSocket(context)]);
  app.register(async (git) => gitRoutes(git, context));
  accountRoutes(app, context);
  tokenRoutes(app, context);
  productRoutes(app, context);
  applicationRoutes(app, context);
  dependencyRoutes(app, context);
  deploymentRoutes(app, context);
  logRoutes(app, context);
  accessLogRoutes(app, context);
  gridRoutes(app, context);
  runRoutes(app, context);
  queueRoutes(app, context);
  limitRoutes(app, context);
  metricsRoutes(app, context);
  metricsRoute(app, context);
  authorityRoute(app, context);
  pages(app, context);
  return app;
}

/** An empty body is none; any JSON value is one, a bare string too. */
function parseBody(text: string, done: (error: Error | null, body?: unknown) => void): void {
  if (text.trim() === '') return done(null, undefined);
  try {
    return done(null, JSON.parse(text));
  } catch {
    return done(Object.assign(new Error('The body is not valid JSON.'), { statusCode: 400 }));
  }
}

/** Git streams: nothing is parsed, nothing is limited. */
function gitRoutes(app: FastifyInstance, context: HttpContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_, payload, done) => done(null, payload));
  app.route({
    method: ['GET', 'POST'],
    url: '/git/*',
    async handler(request, reply) {
      reply.hijack();
      await handleGitHttp(context, request.raw, reply.raw);
    },
  });
}
