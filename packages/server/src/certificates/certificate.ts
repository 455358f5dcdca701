import { CannotStart } from '../lib/cannot-start.ts';

/** What https is served with: paths of PEM files, which may be the same. */
export type CertificateFiles = { certificate: string; key: string };

export type Certificate = CertificateFiles & {
  /** The platform's own authority, for clients to trust; undefined where the operator brought a certificate. */
  authority: Authority | undefined;
};

/** Whoever trusts it trusts this platform. */
export type Authority = {
  path: string;
  pem: string;
  /** `SHA256:` and the bytes, as browsers and openssl show them. */
  fingerprint: string;
};

/** The certificate that was brought cannot be used; the message says why and what to do. */
export class UnusableCertificate extends CannotStart {
  override readonly name = 'UnusableCertificate';
}

/** What a platform of this domain answers to. */
export const certifiedNames = (domain: string): string[] => [
  ...new Set([
    'localhost',
    'grid.localhost',
    '*.grid.localhost',
    '127.0.0.1',
    '::1',
    domain,
    // Nobody takes a certificate for all of `localhost`.
    ...(domain === 'localhost' ? [] : [`*.${domain}`]),
  ]),
];
