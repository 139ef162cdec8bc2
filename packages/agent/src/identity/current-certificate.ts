import type { Authorities, AuthoritiesSource, ClientTls } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import { isIssuedBy } from './issued-certificate.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { authoritiesIn, trustIn } from './trust.ts';
import type { Trust } from './trust.ts';

/** Whether there is a certificate that servers accept. */
export type Validity = 'none' | 'valid' | 'expired';

export interface CurrentCertificateDeps {
  readonly authorities: Pick<AuthoritiesSource, 'current'>;
  /** Saved by the previous process, and still valid. */
  readonly kept?: IssuedCertificate | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/** The certificate in use, and the authorities trusted. */
export interface CurrentCertificate {
  /** TLS for feeds. Throws before an authority is known. */
  readonly current: () => ClientTls;
  /** TLS before there is a certificate: verifies the server only. Throws before an authority is known. */
  readonly bare: () => ClientTls;
  readonly issued: () => IssuedCertificate | undefined;
  readonly validity: () => Validity;
  readonly secondsLeft: () => Readonly<Record<string, number>>;
  /** True if one of the file's authorities issued it. */
  readonly isOf: (file: Authorities | undefined) => boolean;
  readonly adopt: (next: IssuedCertificate) => void;
  /** The file's authorities have changed. */
  readonly trustAgain: () => void;
}

export function createCurrentCertificate({
  authorities,
  kept,
  clock,
}: CurrentCertificateDeps): CurrentCertificate {
  let issued = kept;
  let trust: Trust | undefined;

  function trustAgain(): void {
    const file = authorities.current();
    if (file) trust = trustIn(file, issued);
  }

  trustAgain();
  return {
    current: () => trusted(trust).shown,
    bare: () => trusted(trust).bare,
    issued: () => issued,
    validity() {
      if (issued === undefined) return 'none';
      return issued.endsMs > clock.now() ? 'valid' : 'expired';
    },
    secondsLeft: () => ({
      ...(issued && { certificate: (issued.endsMs - clock.now()) / 1000 }),
      ...(trust && { ca: (trust.caEndsMs - clock.now()) / 1000 }),
    }),
    isOf: (file) =>
      file !== undefined && issued !== undefined && isIssuedBy(issued.chain, authoritiesIn(file)),
    adopt(next) {
      issued = next;
      trustAgain();
    },
    trustAgain,
  };
}

function trusted(trust: Trust | undefined): Trust {
  if (trust === undefined) throw new Error('no certificate authority is known yet');
  return trust;
}
