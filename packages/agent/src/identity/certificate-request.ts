import { generateKeyPair, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { BitString, Constructed, fromBER, Integer, ObjectIdentifier, Sequence } from 'asn1js';

/** RFC 5758, 3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
/** RFC 2986, 4.1: `[0]`, the attributes. */
const ATTRIBUTES = { tagClass: 3, tagNumber: 0 };

/** A new key pair, and the request for its certificate. */
export interface CertificateRequest {
  readonly key: KeyObject;
  /** PKCS #10, DER. */
  readonly der: Buffer;
}

/** Creates one per certificate. Only the request's key matters: the token proves the identity. */
export async function createCertificateRequest(): Promise<CertificateRequest> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const { result: publicKeyOf } = fromBER(publicKey.export({ type: 'spki', format: 'der' }));
  const version = new Integer({ value: 0 });
  const noName = new Sequence({ value: [] });
  const noAttributes = new Constructed({ idBlock: ATTRIBUTES, value: [] });
  const content = new Sequence({ value: [version, noName, publicKeyOf, noAttributes] });
  const signature = sign('sha256', new Uint8Array(content.toBER()), privateKey);
  const request = new Sequence({
    value: [
      content,
      new Sequence({ value: [new ObjectIdentifier({ value: ECDSA_WITH_SHA256 })] }),
      new BitString({ valueHex: new Uint8Array(signature).buffer }),
    ],
  });
  return { key: privateKey, der: Buffer.from(request.toBER()) };
}
