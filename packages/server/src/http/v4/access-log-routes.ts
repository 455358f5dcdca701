import { logs } from '@grid/api';
import type { AccessRecord } from '@grid/api';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { FollowedLine } from '../../logs/follow-log.ts';
import type { Source } from '../../logs/log.ts';
import { jsonLines } from '../../logs/segment.ts';
import type { HttpContext } from '../context.ts';
import { serveLog } from './serve-log.ts';

/** What the router answered for an application. */
export function accessLogRoutes(app: FastifyInstance, context: HttpContext): void {
  const { paths, zone } = context;
  serveLog(app, context, logs.streamAccessLogs, async ({ application: { id }, query }) => {
    const source: Source = {
      id: 'router',
      directory: paths.accessLogs(id),
      instanceId: undefined,
      deploymentId: undefined,
      format: jsonLines,
    };
    return {
      sources: async () => [source],
      present: (followed) => {
        const access = parse(followed);
        if (access === undefined || !isWithin(query, access.date)) return undefined;
        return { ...access, id: followed.cursor, zone };
      },
    };
  });
}

type Written = Omit<AccessRecord, 'id' | 'zone'>;

/** What the router wrote; undefined for what a crash left of a line, and for what is said of missing ones. */
function parse({ line }: FollowedLine): Written | undefined {
  try {
    return JSON.parse(line.text) as Written;
  } catch {
    return undefined;
  }
}

type Window = z.output<typeof logs.streamAccessLogs.query>;

function isWithin({ since, until }: Window, date: string): boolean {
  const at = Date.parse(date);
  return (
    (since === undefined || at >= since.getTime()) && (until === undefined || at <= until.getTime())
  );
}
