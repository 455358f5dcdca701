export { deleteRows as eraseApplication } from './application-store.ts';
