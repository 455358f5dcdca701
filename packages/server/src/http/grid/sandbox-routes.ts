import { grid } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { setSandbox } from '../../applications/set-sandbox.ts';
import type { HttpContext } from '../context.ts';
import { serve } from '../serve.ts';

/** What applications may ask of the kernel: the operator's word, since it is everybody's kernel. */
export function sandboxRoutes(app: FastifyInstance, context: HttpContext): void {
  serve(app, context, grid.setSandbox, async ({ params, body, by }) => {
    await setSandbox(context, { named: params.applicationId, sandbox: body.sandbox, by });
  });
}
