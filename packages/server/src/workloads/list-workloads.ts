export {
  selectInstances as workloadInstances,
  selectInstancesOfSubject as subjectInstances,
} from './instance-store.ts';
export {
  findWorkload,
  selectOfSubject as subjectWorkloads,
  selectPastDurations as listPastDurations,
  selectPresent as presentWorkloads,
} from './workload-store.ts';
