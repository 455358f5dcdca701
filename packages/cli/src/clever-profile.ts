import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accounts, platform, tokens } from '@grid/api';
import { Failure } from './fail.ts';
import { exportOf, sshGatewayOf } from './print-exports.ts';
import { clientOf, configHome, readProfile, writeAuthority, writePrivate } from './profile.ts';

/** One of the `clever` CLI's; of others' nothing but this is looked at. */
type CleverProfile = { alias: string } & Record<string, unknown>;

/** Stores whoever is signed in for the `clever` CLI, as the profile that it uses; its others are kept. */
export async function storeCleverProfile({ alias }: { alias: string }): Promise<void> {
  const profile = readProfile();
  const client = clientOf(profile);
  const [{ id, email }, { expirationDate }, { sshUrl }] = await Promise.all([
    client.call(accounts.getSelf),
    client.call(tokens.getCurrentToken),
    client.call(platform.getStatus),
  ]);
  const { url, token, secret } = profile;
  const overrides = {
    API_HOST: url,
    CONSOLE_URL: url,
    AUTH_BRIDGE_HOST: url,
    SSH_GATEWAY: sshGatewayOf(sshUrl),
  };
  const expires = expirationDate === null ? {} : { expirationDate };
  const own = { alias, token, secret, ...expires, userId: id, email, overrides };
  const file =
    process.env['CONFIGURATION_FILE'] ?? join(configHome(), 'clever-cloud', 'clever-tools.json');
  const others = readProfiles(file).filter((one) => one.alias !== alias);
  writePrivate(file, { version: 1, profiles: [own, ...others] });
  process.stdout.write(`The clever CLI acts as ${email} now (profile ${alias} in ${file}).\n`);
  const authority = writeAuthority(profile);
  if (authority !== undefined)
    process.stdout.write(`${exportOf('NODE_EXTRA_CA_CERTS', authority)}\n`);
}

/** What is there, in today's form or the former one of a single token pair. */
function readProfiles(file: string): CleverProfile[] {
  const text = readIfThere(file);
  if (text === undefined) return [];
  const stored = parse(file, text);
  if (Array.isArray(stored['profiles'])) return stored['profiles'] as CleverProfile[];
  if (typeof stored['token'] === 'string') return [{ alias: 'default', ...stored }];
  if (Object.keys(stored).length === 0) return [];
  throw new Failure(`${file} is in a form that is not known here: nothing was changed.`);
}

function parse(file: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Failure(`${file} is not valid JSON: nothing was changed.`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
