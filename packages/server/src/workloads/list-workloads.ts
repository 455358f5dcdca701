export { selectInstances as workloadInstances } from './instance-store.ts';
export {
  findWorkload,
  heldMemory as memoryInUse,
  selectPresent as presentWorkloads,
} from './workload-store.ts';
