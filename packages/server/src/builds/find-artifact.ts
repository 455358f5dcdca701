export {
  selectArtifact as findArtifact,
  selectMadeFrom as findMadeFrom,
} from './artifact-store.ts';
