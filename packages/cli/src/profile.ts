import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient } from '@grid/api';
import type { Client } from '@grid/api';
import { Failure } from './fail.ts';
import { transportTo } from './transport.ts';

/** Whom the command line acts for, and where. */
export type Profile = { url: string; token: string; secret: string };

const path = (): string =>
  join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'clever-grid', 'profile.json');

/** Readable by its owner alone. */
export function writeProfile(profile: Profile): string {
  mkdirSync(dirname(path()), { recursive: true, mode: 0o700 });
  if (existsSync(path())) chmodSync(path(), 0o600);
  writeFileSync(path(), `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600 });
  return path();
}

/** `GRID_URL`, `GRID_TOKEN` and `GRID_SECRET` win over what `grid login` stored. */
export function readProfile(): Profile {
  const stored = readStored();
  const url = process.env['GRID_URL'] ?? stored?.url;
  const token = process.env['GRID_TOKEN'] ?? stored?.token;
  const secret = process.env['GRID_SECRET'] ?? stored?.secret;
  if (url === undefined || token === undefined || secret === undefined)
    throw new Failure('Sign in first: grid login (or set GRID_URL, GRID_TOKEN and GRID_SECRET).');
  return { url, token, secret };
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
  createClient(transportTo({ url: profile.url }), authorizationOf(profile));

export const signedIn = (): Client => clientOf(readProfile());
