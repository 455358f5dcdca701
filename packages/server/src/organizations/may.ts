import type { Role } from '../store/schema.ts';

const everyone: readonly Role[] = ['ADMIN', 'MANAGER', 'DEVELOPER', 'ACCOUNTING'];
const builders: readonly Role[] = ['ADMIN', 'MANAGER', 'DEVELOPER'];
const leaders: readonly Role[] = ['ADMIN', 'MANAGER'];

/** What can be done with what an owner has, and by whom. */
const allowed = {
  'organization:read': everyone,
  'organization:edit': leaders,
  'application:read': builders,
  'application:create': builders,
  'application:operate': builders, // environment, options, domains, logs, start, stop
  'application:delete': leaders,
  'repository:access': builders,
  'usage:read': everyone,
} as const;

export type Right = keyof typeof allowed;

/** All that somebody of this role may do. */
export const rightsOf = (role: Role): Right[] =>
  (Object.keys(allowed) as Right[]).filter((right) => may(role, right));

/** Whether somebody of this role may do this. */
export const may = (role: Role, right: Right): boolean => allowed[right].includes(role);
