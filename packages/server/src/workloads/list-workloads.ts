export { selectInstances as workloadInstances } from './instance-store.ts';
export { findWorkload, selectPresent as presentWorkloads } from './workload-store.ts';
