export {
  clearRunVariables as forgetRunVariables,
  countWaitingRuns,
  findOldestKept,
  findRunById,
  findRunOf,
  selectRequested as listRequested,
  selectRuns as listRuns,
} from './run-store.ts';
export { selectAttempts as listAttempts, selectPastRuns as listPastRuns } from './attempt-store.ts';
export { selectLogged as listLogged } from './logged-instance-store.ts';
export type { LoggedInstance } from './logged-instance-store.ts';
