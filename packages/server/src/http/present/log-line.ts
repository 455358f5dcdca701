import type { LogRecord } from '@grid/api';
import type { FollowedLine } from '../../logs/follow-log.ts';

/** A line of an application as clients know it. */
export const presentLine = (applicationId: string, { cursor, line }: FollowedLine): LogRecord => ({
  id: cursor,
  date: new Date(line.at).toISOString(),
  message: line.text,
  service: line.source.instanceId === undefined ? 'bas-deploy' : 'bas',
  applicationId,
  deploymentId: line.source.deploymentId ?? '',
  instanceId: line.source.instanceId,
  stream: line.stream,
  ...(line.unended && { unended: true }),
});
