import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'events', stays: 'What happened stays on record, for as long as events are kept.' },
];
