export { selectNames as listNames } from './account-store.ts';
