/** What applications can be written for, in the order of the creation page; `recipes/` says the rest of each. */
export const runtimeNames = ['docker', 'python', 'java'] as const;

export type Runtime = (typeof runtimeNames)[number];

/** An application ends by itself, or keeps serving. */
export type ApplicationKind = 'runner' | 'webapp';

/** What a type of application is called by programs. */
export const slugOf = (runtime: Runtime, kind: ApplicationKind): string =>
  kind === 'runner' ? `ml_${runtime}` : `ml_${runtime}_web`;
