export {
  selectArtifact as findArtifact,
  selectEnvironment as findEnvironment,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
