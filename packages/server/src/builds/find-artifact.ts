export {
  selectArtifact as findArtifact,
  selectArtifacts as listArtifacts,
  selectBuilt as listBuilt,
  selectEnvironment as findEnvironment,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
