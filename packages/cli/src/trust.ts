import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { createClient, platform } from '@grid/api';
import { Failure } from './fail.ts';
import { Distrust, transportTo } from './transport.ts';

export type TrustOptions = { ca?: string | undefined; caFingerprint?: string | undefined };

/**
 * The authority (PEM) to trust for a platform beside those that this machine trusts, or undefined where none is
 * needed. It is named by a file or its fingerprint, or somebody at the terminal says yes to it.
 */
export async function findAuthority(
  url: string,
  { ca, caFingerprint }: TrustOptions,
): Promise<string | undefined> {
  if (ca !== undefined) return readAuthority(ca);
  if (!url.startsWith('https:')) return undefined;
  if (caFingerprint === undefined && (await isTrusted(url))) return undefined;
  const pem = await fetchAuthority(url);
  const shown = fingerprintOf(pem);
  if (caFingerprint === undefined) return (await isAccepted(url, shown)) ? pem : refuse(url);
  if (normalize(caFingerprint) === normalize(shown)) return pem;
  throw new Failure(
    `The authority at ${url} is another: its fingerprint is ${shown}. Somebody may stand between you and the platform.`,
    'refused',
  );
}

function readAuthority(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    fingerprintOf(pem);
    return pem;
  } catch (error) {
    throw new Failure(`${file} is no certificate: ${(error as Error).message}`, 'misused');
  }
}

async function isTrusted(url: string): Promise<boolean> {
  try {
    await createClient(transportTo({ url })).call(platform.getStatus);
    return true;
  } catch (error) {
    if (error instanceof Distrust) return false;
    throw error;
  }
}

/** Asked of whoever answers: it is worth nothing before it is compared. */
async function fetchAuthority(url: string): Promise<string> {
  const asking = { method: 'GET', path: '/ca.pem', headers: {}, body: undefined };
  const { status, body } = await transportTo({ url, unchecked: true })(asking);
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  const pem = Buffer.concat(parts).toString('utf8');
  if (status === 200) return pem;
  throw new Failure(
    `The certificate at ${url} is not trusted here, and the platform has no authority of its own to trust: give the authority as --ca FILE.`,
  );
}

const fingerprintOf = (pem: string): string => `SHA256:${new X509Certificate(pem).fingerprint256}`;

const normalize = (fingerprint: string): string =>
  fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();

async function isAccepted(url: string, fingerprint: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Failure(
      `The authority at ${url} is not known here; its fingerprint is ${fingerprint}. If "grid status" on the platform's machine says the same, add --ca-fingerprint ${fingerprint}, or give its file: --ca FILE.`,
    );
  process.stdout.write(`The authority of the platform at ${url} is not known here.\n`);
  process.stdout.write(
    `Its fingerprint is ${fingerprint}; "grid status" on its machine shows it.\n`,
  );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const said = await terminal.question('Do you trust it (yes/no)? ');
  terminal.close();
  return said.trim().toLowerCase() === 'yes';
}

function refuse(url: string): never {
  throw new Failure(`Nothing was sent to ${url}.`);
}
