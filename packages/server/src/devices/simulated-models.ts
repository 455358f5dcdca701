/** Models that can be simulated by a short name, as the driver calls them. */
export const SIMULATED_MODELS: Readonly<Record<string, { model: string; memoryMiB: number }>> = {
  A10: { model: 'NVIDIA A10', memoryMiB: 23_028 },
  A40: { model: 'NVIDIA A40', memoryMiB: 46_068 },
  A100: { model: 'NVIDIA A100-SXM4-80GB', memoryMiB: 81_920 },
  B200: { model: 'NVIDIA B200', memoryMiB: 183_359 },
  H100: { model: 'NVIDIA H100 80GB HBM3', memoryMiB: 81_559 },
  H200: { model: 'NVIDIA H200', memoryMiB: 143_771 },
  L4: { model: 'NVIDIA L4', memoryMiB: 23_034 },
  L40S: { model: 'NVIDIA L40S', memoryMiB: 46_068 },
  RTX4090: { model: 'NVIDIA GeForce RTX 4090', memoryMiB: 24_564 },
  T4: { model: 'Tesla T4', memoryMiB: 15_360 },
  V100: { model: 'Tesla V100-SXM2-16GB', memoryMiB: 16_384 },
};
