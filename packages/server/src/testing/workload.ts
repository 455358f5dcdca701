import { DAY, MINUTE } from '../lib/duration.ts';

/** A run of an application; times in ms. */
export type Job = { application: number; gpus: number; at: number; duration: number };

const JOBS = 1_500;
const APPLICATIONS = 40;
const GPUS = 8;

/**
 * Runs of 40 applications, each run again and again, that want a share `load` of eight GPUs: 62 in 100 ask
 * for one, 18 for two, 12 for four, 8 for all. In the order in which they come; the same for the same seed.
 */
export function makeWorkload(seed: number, load: number): Job[] {
  const random = mulberry32(seed);
  const spread = (median: number, sigma: number): number =>
    median * Math.exp(sigma * gauss(random));
  const medians = Array.from({ length: APPLICATIONS }, () => spread(Math.exp(3.2) * MINUTE, 1.15));
  const jobs = Array.from({ length: JOBS }, (): Job => {
    const application = Math.floor(random() * APPLICATIONS);
    const gpus = sizeAt(random());
    const duration = Math.min(DAY, spread(medians[application] ?? 0, 0.35));
    return { application, gpus, duration, at: 0 };
  });
  const work = jobs.reduce((sum, { gpus, duration }) => sum + gpus * duration, 0);
  for (const job of jobs) job.at = (random() * work) / GPUS / load;
  return jobs.toSorted((a, b) => a.at - b.at);
}

const sizeAt = (share: number): number =>
  share < 0.62 ? 1 : share < 0.8 ? 2 : share < 0.92 ? 4 : 8;

/** Box and Muller's. */
const gauss = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Numbers from 0 to 1 that look random (Tommy Ettinger's, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
