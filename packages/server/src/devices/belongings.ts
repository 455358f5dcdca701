import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'leases', application: 'applicationId', owner: 'ownerId' },
];
