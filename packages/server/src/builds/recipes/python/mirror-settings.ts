import { inWordsOfUv } from './pip-settings.ts';

/** The variables that say where packages come from and how they are reached; no other of the platform's is shared. */
const SHARED =
  /^(PIP_(INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|CERT|PROXY|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|PREFER_BINARY|ONLY_BINARY|NO_BINARY|DISABLE_PIP_VERSION_CHECK)|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|NO_INDEX|FIND_LINKS|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES)|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY)$/i;

/** A user, or a user and a password, before an address: `https://name:secret@host/`, `name:secret@host:3128`. */
const CREDENTIALS = /(^|[\s,;=]|:\/\/)[^\s/@]+@[^\s/@]/;

type Found = {
  /** `pip config list`, as it prints it. */
  configured: string;
  environment: Readonly<Record<string, string | undefined>>;
};

/**
 * What builds are told of the machine's own mirrors: pip's configuration and environment, as variables, with uv's
 * names for them beside. Every application can read them, so what holds credentials is withheld, by name, unless
 * the operator shares those too.
 */
export function chooseMirrorSettings(
  { configured, environment }: Found,
  { shareCredentials }: { shareCredentials: boolean },
): { settings: Record<string, string>; withheld: string[] } {
  const found = new Map<string, string>();
  for (const [, key = '', value = ''] of configured.matchAll(
    /^(?:global|install|:env:)\.([\w-]+)='(.*)'$/gm,
  ))
    found.set(`PIP_${key.toUpperCase().replaceAll('-', '_')}`, value);
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) found.set(name, value);
  const shared = [...found].filter(([name]) => SHARED.test(name));
  const withheld = shareCredentials ? [] : shared.filter(([, value]) => CREDENTIALS.test(value));
  const settings = Object.fromEntries(shared.filter((one) => !withheld.includes(one)));
  const inUv = inWordsOfUv(settings, {}).settings;
  return { settings: { ...inUv, ...settings }, withheld: withheld.map(([name]) => name) };
}
