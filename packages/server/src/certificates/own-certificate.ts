import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UnusableCertificate } from './certificate.ts';
import type { CertificateFiles } from './certificate.ts';

/** Files that the operator brought, once it is sure that they can be used; throws `UnusableCertificate`. */
export async function checkOwnCertificate(files: CertificateFiles, now: number): Promise<void> {
  const certificate = await read(
    'tlsCertificate',
    files.certificate,
    (pem) => new X509Certificate(pem),
  );
  const key = await read('tlsKey', files.key, (pem) => createPrivateKey(pem));
  if (!certificate.checkPrivateKey(key))
    throw new UnusableCertificate(
      `${files.key} is not the key of ${files.certificate}: set tlsKey to the key that the certificate was made with.`,
    );
  const { validFromDate, validToDate } = certificate;
  if (validToDate.getTime() <= now)
    throw new UnusableCertificate(
      `The certificate ${files.certificate} has expired on ${validToDate.toISOString()}: put a new one in its place, or take tlsCertificate and tlsKey away to use the platform's own.`,
    );
  if (validFromDate.getTime() > now)
    throw new UnusableCertificate(
      `The certificate ${files.certificate} is not valid before ${validFromDate.toISOString()}: is the clock of this machine right?`,
    );
}

async function read<T>(setting: string, path: string, parse: (text: string) => T): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UnusableCertificate(
      `${setting} names ${path}, which cannot be read (${error.code ?? error.message}): the user that runs the platform must be able to.`,
    );
  });
  try {
    return parse(text);
  } catch {
    const what = setting === 'tlsKey' ? 'a private key without a password' : 'a certificate';
    throw new UnusableCertificate(
      `${setting} names ${path}, which is not ${what} in PEM (-----BEGIN …-----).`,
    );
  }
}
