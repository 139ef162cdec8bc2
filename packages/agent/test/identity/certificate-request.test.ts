import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCa } from '@rolegate/testing';
import { createCertificateRequest } from '../../src/identity/certificate-request.ts';

describe('a certificate request', () => {
  it('is taken by another library, and the certificate is for its key alone', async () => {
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

  it('that was changed is not taken', async () => {
    const ca = await createTestCa();
    const { der } = await createCertificateRequest();
    const changed = Buffer.from(der);
    const at = changed.length - 10; // in the signature
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await expect(ca.certify(changed)).rejects.toThrow();
  });

  it('says nothing but the key: no name, no attributes', async () => {
    const { der } = await createCertificateRequest();
    // Version 0, and an empty name, straight after the two outer lengths (RFC 2986).
    expect(der.includes(Buffer.from('0201003000', 'hex'))).toBe(true);
    expect(der.includes(Buffer.from('a000', 'hex'))).toBe(true);
    expect(der.length).toBeLessThan(200);
  });
});
