/** Epoch milliseconds. The one clock of the process: everything else gets the time as an argument. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Milliseconds since some time in the past: for how long something took. It never jumps. */
export const steadyClock: Clock = () => performance.now();
