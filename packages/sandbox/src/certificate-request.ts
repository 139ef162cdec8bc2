import { generateKeyPairSync, sign } from 'node:crypto';

/** DER tags. */
const [INTEGER, BIT_STRING, OCTET_STRING, OID, UTF8, SEQUENCE, SET, CONTEXT_0] = [
  0x02, 0x03, 0x04, 0x06, 0x0c, 0x30, 0x31, 0xa0,
];
/** GeneralName tag of a URI (RFC 5280, 4.2.1.6). */
const URI = 0x86;

/** Encoded object identifiers. */
const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';
const EXTENSION_REQUEST = '2a864886f70d01090e';
const SUBJECT_ALT_NAME = '551d11';
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';

export interface MadeRequest {
  /** PEM. */
  readonly key: string;
  /** PKCS #10, DER. */
  readonly der: Buffer;
}

/** Makes a certificate request that can claim names, as a thief would. An honest agent claims none. */
export function makeCertificateRequest({
  uris = [],
  commonName = 'agent',
  organization = 'anybody',
}: {
  readonly uris?: readonly string[];
  readonly commonName?: string;
  readonly organization?: string;
} = {}): MadeRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (type: string, value: string) =>
    tlv(SET, tlv(SEQUENCE, oid(type), tlv(UTF8, Buffer.from(value))));
  const name = tlv(SEQUENCE, part(ORGANIZATION, organization), part(COMMON_NAME, commonName));
  const names = tlv(SEQUENCE, ...uris.map((uri) => tlv(URI, Buffer.from(uri))));
  const extension = tlv(SEQUENCE, oid(SUBJECT_ALT_NAME), tlv(OCTET_STRING, names));
  const attribute = tlv(SEQUENCE, oid(EXTENSION_REQUEST), tlv(SET, tlv(SEQUENCE, extension)));
  const attributes = tlv(CONTEXT_0, ...(uris.length === 0 ? [] : [attribute]));
  const publicKeyDer = publicKey.export({ type: 'spki', format: 'der' });
  const content = tlv(SEQUENCE, tlv(INTEGER, Buffer.from([0])), name, publicKeyDer, attributes);
  const algorithm = tlv(SEQUENCE, oid(ECDSA_WITH_SHA256));
  const signature = tlv(BIT_STRING, Buffer.from([0]), sign('sha256', content, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der: tlv(SEQUENCE, content, algorithm, signature),
  };
}

function oid(hex: string): Buffer {
  return tlv(OID, Buffer.from(hex, 'hex'));
}

/** Tag, length, value. Everything made here is shorter than 64 kB. */
function tlv(tag: number | undefined, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const lengths =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag ?? 0, ...lengths]), value]);
}
