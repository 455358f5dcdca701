export {
  selectArtifact as findArtifact,
  selectArtifacts as listArtifacts,
  selectEnvironment as findEnvironment,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
