export {
  clearRunVariables as forgetRunVariables,
  countWaitingRuns,
  findOldestKept,
  findRunById,
  findRunOf,
  selectRequested as listRequested,
  selectRuns as listRuns,
} from './run-store.ts';
export { findAttemptNumber, selectAttempts as listAttempts } from './attempt-store.ts';
