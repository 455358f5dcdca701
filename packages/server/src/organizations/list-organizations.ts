export {
  countAdministered,
  countOrganizations,
  selectMemberships as listMemberships,
} from './organization-store.ts';
