export { selectMemberships as listMemberships } from './organization-store.ts';
