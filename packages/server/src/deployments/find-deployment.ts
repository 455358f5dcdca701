export { findDeploymentById, selectBuilt as findBuilt } from './deployment-store.ts';
