import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'deployments', application: 'applicationId', owner: 'ownerId' },
];
