export {
  selectArtifact as findArtifact,
  selectArtifacts as listArtifacts,
  selectBuilt as listBuilt,
  selectImages as listImages,
  selectEnvironment as findDependencies,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
