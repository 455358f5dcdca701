import { readProfile } from './profile.ts';

/** Where a domain answers: at the port of the platform, in the same way. */
export function addressOf(domain: string): string {
  const { protocol, port } = new URL(readProfile().url);
  const [host = '', ...path] = domain.split('/');
  return [`${protocol}//${host}${port === '' ? '' : `:${port}`}`, ...path].join('/');
}
