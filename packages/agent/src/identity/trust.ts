import type { X509Certificate } from 'node:crypto';
import type { Authorities, ClientTls } from '@rolegate/protocol';
import { certificatesOf, endOf } from '@rolegate/protocol';
import type { IssuedCertificate } from './issued-certificate.ts';

/** What connections are made of, new objects on each change: TLS tells by that. */
export interface Trust {
  /** Shows nothing: before there is a certificate, and for getting one. */
  readonly bare: ClientTls;
  readonly shown: ClientTls;
  /** When the last authority ends. Milliseconds since the epoch. */
  readonly caEndsMs: number;
}

/** The authorities of the file and those that the server told: a rotation may come by either way first. */
export function trustIn(file: Authorities, issued: IssuedCertificate | undefined): Trust {
  const all = [...authoritiesIn(file), ...(issued?.authorities ?? [])];
  const byFingerprint = new Map(all.map((one) => [one.fingerprint256, one]));
  const ca = Buffer.from([...byFingerprint.values()].map((one) => one.toString()).join(''));
  return {
    bare: { ca },
    shown: { ca, ...(issued && { cert: issued.cert, key: issued.key }) },
    caEndsMs: Math.max(...all.map(endOf)),
  };
}

/** The certificates of the file, which was checked when it was read. */
export function authoritiesIn({ ca }: Authorities): X509Certificate[] {
  return certificatesOf(ca.toString('latin1'), '--ca');
}

/** True if the file holds each authority of these, PEM: a server that any of them verified is verified still. */
export function holdsAll(file: Authorities | undefined, ca: Buffer): boolean {
  if (file === undefined) return false;
  const held = new Set(authoritiesIn(file).map(({ fingerprint256 }) => fingerprint256));
  return certificatesOf(ca.toString('latin1'), 'a connection').every(({ fingerprint256 }) =>
    held.has(fingerprint256),
  );
}
