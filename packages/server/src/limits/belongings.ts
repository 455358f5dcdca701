import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'limits', owner: 'subjectId', user: 'subjectId' },
];
