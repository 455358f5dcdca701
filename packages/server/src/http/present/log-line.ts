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

/**
 * Of lines as they come, those that pass, as clients know them. What was told of a line before it ended, and became
 * what does not pass, is taken back by a line without text.
 */
export function presentPassing(applicationId: string, passes: (followed: FollowedLine) => boolean) {
  const told = new Set<string>();
  return (followed: FollowedLine): LogRecord | undefined => {
    const { line } = followed;
    const key = `${line.source.id} ${line.stream}`;
    const wasTold = told.delete(key);
    if (!passes(followed))
      return wasTold
        ? { ...presentLine(applicationId, followed), message: '', unended: true }
        : undefined;
    if (line.unended) told.add(key);
    return presentLine(applicationId, followed);
  };
}
