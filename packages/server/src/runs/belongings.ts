import type { Belonging } from '../store/belongings.ts';

const byRun = { by: 'runId', of: 'runs' } as const;

export const belongings: readonly Belonging[] = [
  {
    table: 'attempts',
    application: { ...byRun, where: 'applicationId' },
    owner: { ...byRun, where: 'ownerId' },
  },
  { table: 'runs', application: 'applicationId', owner: 'ownerId' },
];
