import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The role in which a certificate is presented. */
export type TlsPurpose = 'server' | 'client';

/**
 * A fault of certificates or their files. The message names the file, the fault and the remedy, and never contains key
 * material.
 */
export class TlsFault extends Error {
  override readonly name = 'TlsFault';
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** RFC 5280, 4.2.1.12. */
const USAGE_OIDS = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** All certificates of a PEM text, at least one. Throws a TlsFault that begins with `name`. */
export function certificatesOf(pem: string, name: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...rest] = (pem.match(PEM_CERTIFICATE) ?? []).map((block, index) =>
    attempt(
      `${name}: certificate ${index + 1} cannot be parsed; write the file again`,
      () => new X509Certificate(block),
    ),
  );
  if (first === undefined) throw new TlsFault(`${name} has no certificate; it must be PEM`);
  return [first, ...rest];
}

/** Throws a TlsFault if the certificate is not valid now or not for this purpose. */
export function checkOwnCertificate(
  own: X509Certificate,
  { purpose, nowMs, name }: { purpose: TlsPurpose; nowMs: number; name: string },
): void {
  if (endOf(own) <= nowMs) throw new TlsFault(`${name} expired at ${timeOf(endOf(own))}; renew it`);
  const begins = Date.parse(own.validFrom);
  if (begins > nowMs) {
    throw new TlsFault(`${name} is not valid before ${timeOf(begins)}; check the clock of this machine`);
  }
  // The types say string[], but a certificate without the extension has undefined and is valid for every purpose.
  const usages = own.keyUsage as string[] | undefined;
  if (usages !== undefined && !usages.includes(USAGE_OIDS[purpose])) {
    throw new TlsFault(
      `${name} is not a ${purpose} certificate; issue it with extended key usage ${purpose}Auth`,
    );
  }
}

/** Returns when the last authority expires. Throws a TlsFault if one is not an authority or all have expired. */
export function checkAuthorities(
  authorities: readonly X509Certificate[],
  { nowMs, name }: { nowMs: number; name: string },
): { endsMs: number } {
  const stranger = authorities.find((authority) => !authority.ca);
  if (stranger !== undefined) {
    throw new TlsFault(
      `${name} contains the certificate of ${subjectOf(stranger)}, which is not an authority`,
    );
  }
  const endsMs = Math.max(...authorities.map(endOf));
  if (endsMs <= nowMs) {
    throw new TlsFault(`the last authority in ${name} expired at ${timeOf(endsMs)}; renew it`);
  }
  return { endsMs };
}

/** Reads an unencrypted PEM private key. Throws a TlsFault that begins with `name`. */
export function privateKeyOf(pem: Buffer, name: string): KeyObject {
  return attempt(`${name} cannot be parsed as an unencrypted PEM private key`, () => createPrivateKey(pem));
}

/** Milliseconds since the epoch. */
export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

/** Converts an error into a TlsFault that begins with `message`. */
export function attempt<T>(message: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    // Errors of OpenSSL and the file system contain no secrets.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TlsFault(`${message} (${why})`);
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function subjectOf(certificate: X509Certificate): string {
  // The types say string, but a certificate may have no subject.
  const subject = certificate.subject as string | undefined;
  return JSON.stringify((subject ?? '').replaceAll('\n', ', '));
}
