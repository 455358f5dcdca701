import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { DAY } from '../lib/duration.ts';
import type { Authority, Certificate, CertificateFiles } from './certificate.ts';
import type { Pair } from './issue.ts';
import { constrainTo } from './name-constraints.ts';
import { checkOwnCertificate } from './own-certificate.ts';

export type CertificateSettings = {
  /** Where private keys are kept. */
  keys: string;
  /** Where the authority's certificate is put for others to read. */
  authority: string;
  /** What the operator brought. */
  own: CertificateFiles | undefined;
  names: readonly string[];
};

const RENEWED_BEFORE_END = 30 * DAY;

/**
 * What https is served with: the operator's certificate, else one of the platform's own authority, which are
 * made where there are none, and again where their end is near or the names are others.
 */
export async function openCertificate(
  settings: CertificateSettings,
  now: number,
): Promise<Certificate> {
  if (settings.own !== undefined) {
    await checkOwnCertificate(settings.own, now);
    return { ...settings.own, authority: undefined };
  }
  await mkdir(settings.keys, { recursive: true, mode: 0o700 });
  const authority = await openAuthority(settings, now);
  const path = join(settings.keys, 'server.pem');
  if (!(await serves(path, { authority, names: settings.names, now })))
    await replace(path, await issue(authority, settings.names, now), 0o600);
  return { certificate: path, key: path, authority: describe(settings.authority, authority) };
}

const describe = (path: string, { certificate: pem }: Pair): Authority => ({
  path,
  pem,
  fingerprint: `SHA256:${new X509Certificate(pem).fingerprint256}`,
});

async function openAuthority(
  { keys, authority: path, names }: CertificateSettings,
  now: number,
): Promise<Pair> {
  const keyPath = join(keys, 'authority.key');
  const [certificate, key] = await Promise.all([read(path), read(keyPath)]);
  const known = certificate !== undefined && key !== undefined && { certificate, key };
  if (known && isAuthorityFor(known, names, now)) return known;
  const { makeAuthority } = await import('./issue.ts');
  // Authorities of several platforms must not be taken for each other.
  const subject = `Clever Grid ${randomBytes(4).toString('hex')}`;
  const made = await makeAuthority({ subject, names, now });
  await replace(keyPath, made.key, 0o600);
  await replace(path, made.certificate, 0o644);
  return made;
}

function isAuthorityFor(
  { certificate, key }: Pair,
  names: readonly string[],
  now: number,
): boolean {
  const parsed = new X509Certificate(certificate);
  return (
    lasts(parsed, now) &&
    parsed.checkPrivateKey(createPrivateKey(key)) &&
    parsed.raw.includes(constrainTo(names))
  );
}

/** The key and the certificate in one file, so that one is never seen without the other. */
async function issue(authority: Pair, names: readonly string[], now: number): Promise<string> {
  const { issueCertificate } = await import('./issue.ts');
  const { certificate, key } = await issueCertificate(authority, {
    subject: 'Clever Grid',
    names,
    now,
  });
  return `${key}\n${certificate}\n`;
}

async function serves(
  path: string,
  { authority, names, now }: { authority: Pair; names: readonly string[]; now: number },
): Promise<boolean> {
  const text = await read(path);
  if (text === undefined) return false;
  const certificate = new X509Certificate(text);
  const issuer = new X509Certificate(authority.certificate);
  const covers = (name: string): boolean =>
    isIP(name) === 0
      ? certificate.checkHost(name.replace(/^\*\./, 'any.')) !== undefined
      : certificate.checkIP(name) !== undefined;
  return lasts(certificate, now) && certificate.verify(issuer.publicKey) && names.every(covers);
}

const lasts = ({ validToDate }: X509Certificate, now: number): boolean =>
  validToDate.getTime() - now > RENEWED_BEFORE_END;

async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
