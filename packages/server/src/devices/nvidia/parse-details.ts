/** What only the tool's long answer (`-q -x`) says of a GPU. */
export type GpuDetails = {
  uuid: string;
  minor: number | undefined;
  slices: readonly SliceDetails[];
  processes: readonly { pid: number | undefined; place: SlicePlace | undefined }[];
};

/** The GPU instance and the compute instance that a slice is. */
export type SlicePlace = { gpuInstance: number; computeInstance: number };

export type SliceDetails = {
  number: number;
  place: SlicePlace | undefined;
  memoryMiB: number | undefined;
  memoryUsedMiB: number | undefined;
};

/** Reads `nvidia-smi -q -x`; what it does not say is undefined, and a GPU without a UUID is left out. */
export function parseDetails(xml: string): GpuDetails[] {
  return elements(xml, 'gpu').flatMap((gpu) => {
    // the first of its own: those of its slices come later, if at all
    const uuid = element(gpu, 'uuid');
    if (uuid === undefined || !uuid.startsWith('GPU-')) return [];
    const slices = elements(element(gpu, 'mig_devices') ?? '', 'mig_device');
    const processes = elements(element(gpu, 'processes') ?? '', 'process_info');
    return {
      uuid,
      minor: numberIn(gpu, 'minor_number'),
      slices: slices.flatMap(readSlice),
      processes: processes.map((one) => ({ pid: numberIn(one, 'pid'), place: placeIn(one) })),
    };
  });
}

function readSlice(xml: string): SliceDetails[] {
  const number = numberIn(xml, 'index');
  if (number === undefined) return [];
  const memory = element(xml, 'fb_memory_usage') ?? '';
  const [memoryMiB, memoryUsedMiB] = [numberIn(memory, 'total'), numberIn(memory, 'used')];
  return [{ number, place: placeIn(xml), memoryMiB, memoryUsedMiB }];
}

function placeIn(xml: string): SlicePlace | undefined {
  const gpuInstance = numberIn(xml, 'gpu_instance_id');
  const computeInstance = numberIn(xml, 'compute_instance_id');
  if (gpuInstance === undefined || computeInstance === undefined) return undefined;
  return { gpuInstance, computeInstance };
}

/** The tool nests no element in another of its name. */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>(.*?)</${name}>`, 'gs'))].map(
    ([, inside = '']) => inside,
  );

const element = (xml: string, name: string): string | undefined => elements(xml, name)[0]?.trim();

function numberIn(xml: string, name: string): number | undefined {
  const digits = /^(\d+)(?: MiB)?$/.exec(element(xml, name) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
