export {
  clearRunVariables as forgetRunVariables,
  countWaitingRuns,
  findOldestKept,
  findRunById,
  findRunOf,
  selectRequested as listRequested,
  selectRunsMadeBy as listRunsMadeBy,
  selectRuns as listRuns,
} from './run-store.ts';
export { selectAttempts as listAttempts, selectPastRuns as listPastRuns } from './attempt-store.ts';
