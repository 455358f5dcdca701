export { selectInstances as workloadInstances } from './instance-store.ts';
export { selectPastRuns as listPastRuns } from './queue-store.ts';
export { findWorkload, selectPresent as presentWorkloads } from './workload-store.ts';
