export { findRun, findRunOf } from './run-store.ts';
