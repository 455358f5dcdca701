import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'members', owner: 'organizationId', user: 'userId' },
  { table: 'organizations', owner: 'id' },
];
