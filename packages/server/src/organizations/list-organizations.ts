export { countAdministered, selectMemberships as listMemberships } from './organization-store.ts';
