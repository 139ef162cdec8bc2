import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCa } from '@rolegate/testing';
import { createCertificateRequest } from '../../src/identity/certificate-request.ts';

describe('Certificate request', () => {
  it('A certificate request is accepted by another library, and the certificate is only for its key', async () => {
    const ca = await createTestCa();
    const [{ key, der }, other] = [await createCertificateRequest(), await createCertificateRequest()];
    const own = new X509Certificate(await ca.certify(der));
    expect(own.checkPrivateKey(key)).toBe(true);
    expect(own.checkPrivateKey(other.key)).toBe(false);
    expect(
      createPublicKey(own.publicKey.export({ type: 'spki', format: 'pem' })).asymmetricKeyDetails,
    ).toEqual({
      namedCurve: 'prime256v1',
    });
  });

  it('A certificate request that was changed is rejected', async () => {
    const ca = await createTestCa();
    const { der } = await createCertificateRequest();
    const changed = Buffer.from(der);
    const at = changed.length - 10; // in the signature
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await expect(ca.certify(changed)).rejects.toThrow();
  });

  it('A certificate request has the public key and neither a name nor attributes', async () => {
    const { der } = await createCertificateRequest();
    // Version 0, and an empty name, straight after the two outer lengths (RFC 2986).
    expect(der.includes(Buffer.from('0201003000', 'hex'))).toBe(true);
    expect(der.includes(Buffer.from('a000', 'hex'))).toBe(true);
    expect(der.length).toBeLessThan(200);
  });
});
