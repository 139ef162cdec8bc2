import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';

// What OpenSSL reads in them through Node.
async function setup(options?: IssueOptions) {
  const ca = await createTestCa({ name: 'one' });
  const { cert, key } = await ca.issue(options);
  return { ca, authority: new X509Certificate(ca.pem), certificate: new X509Certificate(cert), cert, key };
}

describe('Test authority', () => {
  it('The test authority signs itself', async () => {
    const { authority } = await setup();
    expect({
      ca: authority.ca,
      subject: authority.subject,
      own: authority.verify(authority.publicKey),
    }).toEqual({
      ca: true,
      subject: 'CN=one',
      own: true,
    });
  });

  it('A certificate verifies with its authority, and not with another one of the same name', async () => {
    const { authority, certificate } = await setup();
    const other = await setup();
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(other.authority.publicKey)).toBe(false);
  });

  it('A certificate is P-256, and has the key that belongs to it', async () => {
    const { certificate, key } = await setup();
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(certificate.ca).toBe(false);
  });

  it('A certificate has URI, DNS and IP names', async () => {
    const { certificate } = await setup({
      uris: ['spiffe://rolegate/node/node-1', 'https://example.com/'],
      dns: ['rolegate-server'],
      ips: ['127.0.0.1', '::1'],
    });
    expect(certificate.subjectAltName).toBe(
      'URI:spiffe://rolegate/node/node-1, URI:https://example.com/, DNS:rolegate-server, ' +
        'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
  });

  it('A certificate has no names if none are asked for', async () => {
    expect((await setup()).certificate.subjectAltName).toBeUndefined();
  });

  it('A certificate has the validity that was asked for', async () => {
    const [notBefore, notAfter] = [new Date('2025-01-02T03:04:05Z'), new Date('2025-02-03T04:05:06Z')];
    const { certificate } = await setup({ notBefore, notAfter });
    expect([new Date(certificate.validFrom), new Date(certificate.validTo)]).toEqual([notBefore, notAfter]);
  });

  it.each([
    { usages: undefined, oids: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] },
    { usages: ['server'], oids: ['1.3.6.1.5.5.7.3.1'] },
    { usages: ['client'], oids: ['1.3.6.1.5.5.7.3.2'] },
  ] as const)('A certificate for the usages $usages has those key usages', async ({ usages, oids }) => {
    const { certificate } = await setup(usages === undefined ? {} : { usages });
    expect(certificate.keyUsage).toEqual(oids);
  });

  it('Each certificate has a serial number of its own', async () => {
    const ca = await createTestCa();
    const serials = await Promise.all(
      [1, 2, 3].map(async () => new X509Certificate((await ca.issue()).cert).serialNumber),
    );
    expect(new Set(serials).size).toBe(3);
  });
});

describe('TLS files', () => {
  it('Three files are written, the key for its owner alone, and nothing else is left', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rolegate-certificates-'));
    try {
      const { ca, cert, key } = await setup();
      const paths = await writeTlsFiles(join(folder, 'new'), { cert, key, ca: ca.pem });
      expect(
        await Promise.all([paths.cert, paths.key, paths.ca].map((path) => readFile(path, 'utf8'))),
      ).toEqual([cert, key, ca.pem]);
      expect((await stat(paths.key)).mode & 0o777).toBe(0o600);
      expect((await readdir(join(folder, 'new'))).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
