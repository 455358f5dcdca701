/** Epoch milliseconds. The one clock of the process: everything else gets the time as an argument. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
