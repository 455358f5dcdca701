import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'usageIntervals', stays: 'What was used is paid for, whoever is gone since.' },
];
