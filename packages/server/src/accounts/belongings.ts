import type { Belonging } from '../store/belongings.ts';

export const belongings: readonly Belonging[] = [
  { table: 'tokens', user: 'userId' },
  { table: 'cliLogins', user: 'userId' },
  { table: 'secondaryEmails', user: 'userId' },
  { table: 'pendingEmails', user: 'userId' },
  { table: 'sshKeys', user: 'userId' },
  { table: 'users', user: 'id' },
];
