export { selectArtifact as findArtifact } from './artifact-store.ts';
