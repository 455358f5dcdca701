export { findInstance, selectRunning as listRunning } from './instance-store.ts';
