import { UnusableCertificate, certifiedNames } from '../certificates/certificate.ts';
import { openCertificate } from '../certificates/open-certificate.ts';
import type { CertificateSettings } from '../certificates/open-certificate.ts';
import type { Config } from '../config.ts';
import { DAY } from '../lib/duration.ts';
import type { DataPaths } from '../paths.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Foundation } from './foundation.ts';

export const certificateSettings = (
  { domain, tlsCertificate, tlsKey }: Config,
  { keys, authority }: DataPaths,
): CertificateSettings => ({
  keys,
  authority,
  own:
    tlsCertificate === undefined || tlsKey === undefined
      ? undefined
      : { certificate: tlsCertificate, key: tlsKey },
  names: certifiedNames(domain),
});

/** Looks every day whether the certificate is to be renewed, or was, and has the router show it. */
export const certificateKeeper =
  ({ config, paths, clock, log, router }: Foundation): Reconciler =>
  async (_claim, signal) => {
    try {
      await openCertificate(certificateSettings(config, paths), clock());
      await router.reloadCertificate(signal);
    } catch (error) {
      if (!(error instanceof UnusableCertificate)) throw error;
      log.error({ err: error }, 'the certificate that was brought cannot be used');
    }
    return clock() + DAY;
  };
