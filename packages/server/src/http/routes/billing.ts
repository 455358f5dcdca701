import { billing } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import { accountUsage } from '../../billing/account-usage.ts';
import { serve } from '../serve.ts';
import type { Serving } from '../serve.ts';

/** What owners pay for. */
export function billingRoutes(app: FastifyInstance, needs: Serving): void {
  const { database, clock } = needs;
  serve(app, needs, billing.getUsage, async ({ ownerId, query }) => {
    const window = {
      from: query.from ?? startOfMonth(clock()),
      to: Math.min(query.to ?? clock(), clock()),
    };
    return { ...window, applications: await accountUsage(database.read, ownerId, window) };
  });
}

const startOfMonth = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
};
