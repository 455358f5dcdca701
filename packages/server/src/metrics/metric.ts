import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';

/** What is measured and goes up and down, with the decimal places that are worth keeping. */
export const gauges = {
  /** Of instances, in cores. */
  cpu: 4,
  /** Of instances and devices, in bytes. */
  memory: 0,
  /** Of devices, 0 to 1. */
  utilization: 4,
  /** In watts. */
  power: 1,
  /** In degrees Celsius. */
  temperature: 1,
} as const;

/** What only grows while its subject lives: bytes by the instance's own network. */
export const counters = ['received', 'sent'] as const;

export type Gauge = keyof typeof gauges;
export type Counter = (typeof counters)[number];

/** What was measured at one time; what nobody knows is left out. */
export type Values = Partial<Record<Gauge | Counter, number>>;

export type Span = readonly [min: number, mean: number, max: number];

/** What was measured in some time: how gauges were, and where counters stood at its end. */
export type Rollup = Partial<Record<Gauge, Span>> & Partial<Record<Counter, number>>;

/** Of an instance by its id, or of a device by its UUID; `at` is the beginning of its time. */
export type Point<V> = { subjectId: string; at: number; values: V };

/** From the finest to the coarsest: how much time a point stands for, and how long it is kept. */
export const SAMPLES = { step: 10 * SECOND, kept: HOUR } as const;
export const MINUTES = { step: MINUTE, kept: DAY } as const;
export const QUARTERS = { step: 15 * MINUTE, kept: 30 * DAY } as const;

export type Resolution = typeof SAMPLES | typeof MINUTES | typeof QUARTERS;

/** Whoever asks for the last hour asked a little before we know of it. */
const LEEWAY = MINUTE;

/** The finest that still has the beginning of the window. */
export const chooseResolution = (from: number, now: number): Resolution =>
  [SAMPLES, MINUTES].find(({ kept }) => from >= now - kept - LEEWAY) ?? QUARTERS;

export const beginningOf = (at: number, step: number): number => at - (at % step);
