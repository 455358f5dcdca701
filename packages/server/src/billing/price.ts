/** What one instance with GPUs costs a day, in micro-euros, where nobody says: a GPU is 10 €, whatever comes with it. */
export const priceOfGpus = (gpus: number): number => gpus * 10_000_000;

/** What one without costs, where nobody says: as much a GiB as the largest of the price list. */
export const priceOfMemory = (memoryMiB: number): number =>
  Math.round((memoryMiB * 21_333_334) / 32_768);

/** In euros an hour, as price lists and clients have it. */
export const perHour = (microEurosPerDay: number): number => microEurosPerDay / 24 / 1e6;

export const perDay = (eurosPerHour: number): number => Math.round(eurosPerHour * 24 * 1e6);
