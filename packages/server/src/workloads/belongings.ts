import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'instances', application: 'applicationId', owner: 'ownerId' },
  { table: 'workloads', application: 'applicationId', owner: 'ownerId' },
];
