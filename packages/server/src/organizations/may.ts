import type { Role } from '../store/schema.ts';

/** What can be done with what an owner has. */
export type Action =
  | 'organization:read'
  | 'organization:edit'
  | 'application:read'
  | 'application:create'
  | 'application:operate' // environment, options, domains, logs, start, stop
  | 'application:delete'
  | 'repository:access'
  | 'usage:read';

const everyone: readonly Role[] = ['ADMIN', 'MANAGER', 'DEVELOPER', 'ACCOUNTING'];
const builders: readonly Role[] = ['ADMIN', 'MANAGER', 'DEVELOPER'];
const leaders: readonly Role[] = ['ADMIN', 'MANAGER'];

const allowed: Readonly<Record<Action, readonly Role[]>> = {
  'organization:read': everyone,
  'organization:edit': leaders,
  'application:read': builders,
  'application:create': builders,
  'application:operate': builders,
  'application:delete': leaders,
  'repository:access': builders,
  'usage:read': everyone,
};

/** Whether somebody of this role may do this. */
export const may = (role: Role, action: Action): boolean => allowed[action].includes(role);
