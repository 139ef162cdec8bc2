import type { X509Certificate } from 'node:crypto';
import type { Authorities, ClientTls } from '@rolegate/protocol';
import { certificatesOf, endOf } from '@rolegate/protocol';
import type { IssuedCertificate } from './issued-certificate.ts';

/** TLS parameters for connections. New objects after each change, by which TLS detects it. */
export interface Trust {
  /** Without a client certificate: before there is one, and to request one. */
  readonly bare: ClientTls;
  readonly shown: ClientTls;
  /** When the last authority expires. Milliseconds since the epoch. */
  readonly caEndsMs: number;
}

/** The authorities of the file and those sent by the server: a rotation may arrive first by either. */
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

/** The certificates in the file, which was verified when read. */
export function authoritiesIn({ ca }: Authorities): X509Certificate[] {
  return certificatesOf(ca.toString('latin1'), '--ca');
}

/** True if the file contains all these authorities (PEM): a server that one of them verified is still verified. */
export function holdsAll(file: Authorities | undefined, ca: Buffer): boolean {
  if (file === undefined) return false;
  const held = new Set(authoritiesIn(file).map(({ fingerprint256 }) => fingerprint256));
  return certificatesOf(ca.toString('latin1'), 'a connection').every(({ fingerprint256 }) =>
    held.has(fingerprint256),
  );
}
