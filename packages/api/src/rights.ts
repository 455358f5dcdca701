import { z } from 'zod';

/** What somebody is in an organization. With what is their own, everybody is an administrator. */
export const Role = z.enum(['ADMIN', 'MANAGER', 'DEVELOPER', 'ACCOUNTING']);
export type Role = z.infer<typeof Role>;

/** What a role allows with what an owner has. */
export const Right = z.enum([
  'organization:read',
  'organization:edit',
  'application:read',
  'application:create',
  'application:operate',
  'application:delete',
  'repository:access',
  'usage:read',
]);
export type Right = z.infer<typeof Right>;

/**
 * Who may ask: whoever, whoever is signed in, the same for what is their account's, who looks after the
 * platform, or members of the owner whose role has the right. To whoever is no member the owner, and all that
 * it has, does not exist.
 */
export type Rule = 'open' | 'signed in' | 'self' | 'operator' | Right;

/** The fields that a schema has; one that has none says of its output that any name stands for nothing. */
export type FieldOf<Output> = string extends keyof Output ? never : keyof Output;

/** An owner or an application in the path is for whoever has a right there, or for operators; else there is none to have. */
export type RuleFor<Params> = [FieldOf<Params> & ('ownerId' | 'applicationId')] extends [never]
  ? Exclude<Rule, Right>
  : Right | 'operator';

export const isRight = (rule: Rule): rule is Right => Right.safeParse(rule).success;
