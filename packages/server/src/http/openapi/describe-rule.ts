import { rights } from '@grid/api';
import type { Right, Rule } from '@grid/api';
import { may } from '../../organizations/may.ts';
import type { Requirement } from './document.ts';

/** The roles that have a right. */
export const rolesWith = (right: Right) => rights.Role.options.filter((role) => may(role, right));

/** Who may ask, in a sentence. */
export function spellRule(rule: Rule): string {
  switch (rule) {
    case 'open':
      return 'For whoever asks: no credentials are needed.';
    case 'signed in':
      return 'For whoever is signed in.';
    case 'self':
      return 'For whoever is signed in: it is about their own account.';
    case 'operator':
      return 'For operators of the platform.';
    default:
      return `For members of the owner who may \`${rule}\`: ${spellRoles(rule)}.`;
  }
}

/** Of a WebSocket, whose messages are of several owners. */
export const spellListeners = (right: Right): string =>
  `For whoever is signed in: they are told of the owners with whom they may \`${right}\` (${spellRoles(right)}).`;

const spellRoles = (right: Right): string =>
  rolesWith(right)
    .map((role) => `\`${role}\``)
    .join(', ');

/**
 * The same for programs: OpenAPI lets a way of signing in list the roles that it takes, whatever they are called.
 * Undefined where any credentials do, as the whole document says.
 */
export function requirementsOf(
  rule: Rule,
  schemes: readonly string[],
): { security?: Requirement[] } {
  if (rule === 'open') return { security: [] };
  if (rule === 'signed in' || rule === 'self') return {};
  return { security: schemes.map((scheme) => ({ [scheme]: [rule] })) };
}
