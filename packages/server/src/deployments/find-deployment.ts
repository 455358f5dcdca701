export { findDeploymentById } from './deployment-store.ts';
