export { upsertArtifact as recordArtifact } from './artifact-store.ts';
