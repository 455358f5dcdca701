import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient } from '@grid/api';
import type { Client } from '@grid/api';
import { Failure } from './fail.ts';
import { transportTo } from './transport.ts';

/** Whom the command line acts for, and where. */
export type Profile = {
  url: string;
  token: string;
  secret: string;
  /** The authority (PEM) that the platform is trusted for. */
  ca?: string | undefined;
};

export const configHome = (): string =>
  process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');

const path = (): string => join(configHome(), 'clever-grid', 'profile.json');

/** Readable by its owner alone. */
export function writeProfile(profile: Profile): string {
  writePrivate(path(), profile);
  return path();
}

/** JSON that its owner alone can read, however it was before; never seen half. */
export function writePrivate(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Forgets what `grid login` stored, where that is it; what the environment says is the environment's. */
export function forgetProfile({ token }: Profile): void {
  if (readStored()?.token === token) rmSync(path());
}

/** The authority as a file beside the profile, for programs that read files; undefined where none is needed. */
export function writeAuthority({ ca }: Profile): string | undefined {
  if (ca === undefined) return undefined;
  const file = join(dirname(path()), 'ca.pem');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, ca);
  return file;
}

/** `GRID_URL`, `GRID_TOKEN` and `GRID_SECRET` win over what `grid login` stored. */
export function readProfile(): Profile {
  const stored = readStored();
  const url = process.env['GRID_URL'] ?? stored?.url;
  const token = process.env['GRID_TOKEN'] ?? stored?.token;
  const secret = process.env['GRID_SECRET'] ?? stored?.secret;
  if (url === undefined || token === undefined || secret === undefined)
    throw new Failure('Sign in first: grid login (or set GRID_URL, GRID_TOKEN and GRID_SECRET).');
  return { url, token, secret, ca: url === stored?.url ? stored.ca : undefined };
}

function readStored(): Profile | undefined {
  try {
    return JSON.parse(readFileSync(path(), 'utf8')) as Profile;
  } catch {
    return undefined;
  }
}

export const authorizationOf = ({ token, secret }: Profile): string => `Bearer ${token}.${secret}`;

export const clientOf = (profile: Profile): Client =>
  createClient(transportTo(profile), authorizationOf(profile));

export const signedIn = (): Client => clientOf(readProfile());
