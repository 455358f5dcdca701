import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { certifiedNames } from '../certificates/certificate.ts';
import type { CertificateFiles } from '../certificates/certificate.ts';
import { openCertificate } from '../certificates/open-certificate.ts';
import { systemClock } from '../lib/clock.ts';
import { temporaryFolder } from './router.ts';

/** A certificate of an authority of its own: its files, what is in them, and the authority. */
export async function makeCertificate(t: TestContext, domain = 'localhost') {
  const folder = temporaryFolder(t);
  const { certificate, key, authority } = await openCertificate(
    {
      keys: join(folder, 'keys'),
      authority: join(folder, 'ca.pem'),
      own: undefined,
      names: certifiedNames(domain),
    },
    systemClock(),
  );
  const files: CertificateFiles = { certificate, key };
  const tls = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  return { files, tls, ca: authority?.pem ?? '' };
}
