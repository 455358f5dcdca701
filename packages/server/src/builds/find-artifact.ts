export {
  selectArtifact as findArtifact,
  selectArtifacts as listArtifacts,
  selectBuilt as listBuilt,
  selectImages as listImages,
  selectEnvironment as findEnvironment,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
