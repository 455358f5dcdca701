import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'artifacts', application: 'applicationId', owner: 'ownerId' },
];
