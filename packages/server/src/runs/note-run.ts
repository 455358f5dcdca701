export { setRunning as setRunStarted } from './run-store.ts';
