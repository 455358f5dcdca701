// oxlint-disable-next-line import/no-unassigned-import -- the library below wants it to be there
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { DAY } from '../lib/duration.ts';
import { constrainTo } from './name-constraints.ts';

/** A certificate and its private key (PKCS #8), both PEM. */
export type Pair = { certificate: string; key: string };

type Order = { subject: string; names: readonly string[]; now: number };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const AUTHORITY_LIVES = 3650 * DAY;
/** Browsers take no certificate for longer. */
const CERTIFICATE_LIVES = 397 * DAY;
/** Clocks of clients may be behind. */
const BEFORE = DAY;
const NAME_CONSTRAINTS = '2.5.29.30';

x509.cryptoProvider.set(webcrypto);

/** An authority that can vouch for these names and those below them, and for nothing else. */
export async function makeAuthority({ subject, names, now }: Order): Promise<Pair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [subject] }],
    keys,
    notBefore: new Date(now - BEFORE),
    notAfter: new Date(now + AUTHORITY_LIVES),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.Extension(NAME_CONSTRAINTS, true, constrainTo(names)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** A server's certificate for these names and addresses, signed by the authority. */
export async function issueCertificate(
  authority: Pair,
  { subject, names, now }: Order,
): Promise<Pair> {
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [subject] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    notBefore: new Date(now - BEFORE),
    notAfter: new Date(Math.min(now + CERTIFICATE_LIVES, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(describeName)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

const describeName = (name: string): x509.JsonGeneralName => ({
  type: isIP(name) === 0 ? 'dns' : 'ip',
  value: name,
});

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

const importKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ALGORITHM, false, [
    'sign',
  ]);
