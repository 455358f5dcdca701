import type { Format } from './segment.ts';

/** Where lines come from: an instance, the deployment itself (what the platform says of it), or the router. */
export type Source = {
  /** The directory's name: an instance's or a deployment's id. */
  id: string;
  directory: string;
  /** What is known of its lines without reading them. */
  instanceId: string | undefined;
  deploymentId: string | undefined;
  /** How it is written, where not in frames. */
  format?: Format;
  /** Whether it is known that nothing will be written any more. */
  over?: boolean;
};

export type Stream = 'platform' | 'stdout' | 'stderr';

export type LogLine = {
  source: Source;
  at: number;
  stream: Stream;
  text: string;
  /** Whether its end is still to come: it comes again when it is other than it was, and when it ends. */
  unended?: true;
};

export const streams: readonly Stream[] = ['platform', 'stdout', 'stderr'];
