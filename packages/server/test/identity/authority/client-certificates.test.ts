import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Reason } from '@rolegate/protocol';
import { createTestCa } from '@rolegate/testing';
import { newAuthority } from '../../../src/identity/authority/authorities.ts';
import type { Authorities } from '../../../src/identity/authority/authorities.ts';
import { makeAuthority, signLeaf } from '../../../src/identity/authority/certificates.ts';
import { createClientCertificates } from '../../../src/identity/authority/client-certificates.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, requestOf, SECOND_MS } from './setup.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 7);
const POD_UID = '7a1d4f43-1c1b-4d3a-9d5e-0f7a1f0c2b11';
const NODE = 'ip-10-0-0-1.eu-central-1.compute.internal';

async function setup({ ageMs = 365 * DAY_MS } = {}) {
  const state = {
    nowMs: NOW_MS,
    authorities: {
      all: [await newAuthority('active', { nowMs: NOW_MS, ageMs })],
      removed: [],
    } as Authorities,
  };
  const clients = createClientCertificates({
    authorities: () => state.authorities,
    trustDomain: 'rolegate',
    now: () => state.nowMs,
  });
  const issue = async (node = NODE, podUid = POD_UID) =>
    clients.issue({ certificateRequest: await requestOf(), node, podUid });
  /** A certificate of the server's authority in a form that is never issued. */
  async function forge(
    names: readonly string[],
    {
      purpose = 'client',
      lifeMs = HOUR_MS,
    }: { purpose?: 'server' | 'client' | undefined; lifeMs?: number } = {},
  ) {
    const [issuer] = state.authorities.all;
    if (issuer?.keyPem === undefined) throw new Error('no key');
    const pem = await signLeaf({
      issuer: { ...issuer, keyPem: issuer.keyPem },
      purpose,
      subject: 'x',
      nowMs: NOW_MS,
      lifeMs,
      names: names.map((value) => ({ type: 'url', value })),
      publicKey: new X509Certificate((await issue()).chain).publicKey,
    });
    return derOf(pem);
  }
  return { state, clients, issue, forge };
}

const derOf = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);
const refusal = (reason: Reason, message: string) => expect.objectContaining({ reason, message }) as unknown;

describe('Issue of client certificates', () => {
  it('A client certificate uses only the key of the request, and names the node and the Pod', async () => {
    const { issue, state } = await setup();
    const { chain, endsMs } = await issue();
    const certificate = new X509Certificate(chain);
    expect(certificate.subject).toBe('CN=rolegate-agent');
    expect(certificate.subjectAltName).toBe(
      `URI:spiffe://rolegate/node/${NODE}, URI:urn:rolegate:pod:${POD_UID}`,
    );
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).toBe(false);
    expect(endsMs).toBe(NOW_MS + HOUR_MS);
    expect(Date.parse(certificate.validTo)).toBe(endsMs);
    expect(Date.parse(certificate.validFrom)).toBe(NOW_MS - 5 * MINUTE_MS);
    const [authority] = state.authorities.all;
    expect(authority && certificate.checkIssued(authority.certificate)).toBe(true);
  });

  it('No client certificate outlives its authority', async () => {
    const { issue, state } = await setup({ ageMs: 2 * HOUR_MS });
    state.nowMs += 100 * MINUTE_MS;
    expect((await issue()).endsMs).toBe(NOW_MS + 2 * HOUR_MS);
    state.nowMs += 20 * MINUTE_MS;
    await expect(issue()).rejects.toMatchObject({ reason: 'ServerUnavailable' });
  });

  it.each([
    { what: 'junk', request: () => Promise.resolve(Buffer.from('junk')), says: 'is not PKCS#10 DER' },
    { what: 'nothing', request: () => Promise.resolve(new Uint8Array()), says: 'is not PKCS#10 DER' },
    {
      what: 'a certificate',
      request: async () => derOf((await (await createTestCa()).issue()).cert),
      says: 'the certificate request',
    },
    { what: 'too much', request: () => Promise.resolve(new Uint8Array(16_385)), says: 'is over 16 KiB' },
    {
      what: 'another curve',
      request: () => requestOf({ name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' }),
      says: 'is not EC P-256',
    },
    {
      what: 'RSA',
      request: () =>
        requestOf({
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: 2048,
          publicExponent: Uint8Array.of(1, 0, 1),
          hash: 'SHA-256',
        }),
      says: 'is not EC P-256',
    },
    { what: 'Ed25519', request: () => requestOf({ name: 'Ed25519' }), says: 'is not EC P-256' },
    {
      what: 'a broken signature',
      request: async () => {
        const der = await requestOf();
        return der.with(-1, (der.at(-1) ?? 0) ^ 1);
      },
      says: 'is not signed by the key in it',
    },
    {
      what: 'a name changed after it was signed',
      request: async () => {
        const der = Buffer.from(await requestOf());
        der[der.indexOf('somebody')] = 0x53;
        return der;
      },
      says: 'is not signed by the key in it',
    },
  ])('A certificate request with $what is refused', async ({ request, says }) => {
    const { clients } = await setup();
    await expect(
      clients.issue({ certificateRequest: await request(), node: NODE, podUid: POD_UID }),
    ).rejects.toEqual(refusal('ForeignNode', expect.stringContaining(says) as unknown as string));
  });

  it('A certificate request with any byte changed is refused', async () => {
    const { clients } = await setup();
    const der = await requestOf();
    let refused = 0;
    for (let at = 0; at < der.length; at += 3) {
      const certificateRequest = der.with(at, (der[at] ?? 0) ^ 0x55);
      await clients.issue({ certificateRequest, node: NODE, podUid: POD_UID }).catch((error: unknown) => {
        expect(error).toMatchObject({ reason: 'ForeignNode' });
        refused += 1;
      });
    }
    expect(refused).toBe(Math.ceil(der.length / 3));
  });

  it.each([
    { node: 'a/../b', podUid: POD_UID },
    { node: '', podUid: POD_UID },
    { node: NODE, podUid: 'x, URI:spiffe://rolegate/node/b' },
    { node: NODE, podUid: '' },
  ])('No client certificate is issued for a node "$node" with a Pod "$podUid"', async ({ node, podUid }) => {
    const { issue } = await setup();
    await expect(issue(node, podUid)).rejects.toMatchObject({ reason: 'ForeignNode' });
  });
});

describe('Verification of client certificates', () => {
  it('A client certificate is verified as the node and the Pod that it names', async () => {
    const { clients, issue } = await setup();
    const { chain, endsMs } = await issue();
    expect(clients.verify(derOf(chain))).toEqual({ node: NODE, podUid: POD_UID, endsMs });
  });

  it.each([
    { when: 'it has ended', ms: HOUR_MS, good: false },
    { when: 'its last second runs', ms: HOUR_MS - SECOND_MS, good: true },
    { when: 'this clock is a little behind', ms: -5 * MINUTE_MS, good: true },
    { when: 'this clock is far behind', ms: -6 * MINUTE_MS, good: false },
  ])('The validity of a client certificate is checked when $when', async ({ ms, good }) => {
    const { clients, issue, state } = await setup();
    const der = derOf((await issue()).chain);
    state.nowMs += ms;
    expect(clients.verify(der) !== undefined).toBe(good);
  });

  it('A client certificate is verified once for all uses, and again if the authorities have changed', async () => {
    const { state, clients, issue } = await setup();
    const der = derOf((await issue()).chain);
    let verifications = 0;
    const counted = (authorities: Authorities): Authorities => ({
      ...authorities,
      all: authorities.all.map((authority) => ({
        ...authority,
        get certificate() {
          verifications += 1;
          return authority.certificate;
        },
      })),
    });
    const before = state.authorities;
    const verificationsOf = (uses: number) => {
      verifications = 0;
      for (let use = 0; use < uses; use += 1) expect(clients.verify(der)).toMatchObject({ node: NODE });
      return verifications;
    };
    state.authorities = counted(before);
    const once = verificationsOf(1);
    expect([once > 0, verificationsOf(10)]).toEqual([true, 0]);
    // Read again from the Secret, without a change.
    state.authorities = counted(before);
    expect(verificationsOf(10)).toBe(0);
    const prepared = await newAuthority('prepared', { nowMs: NOW_MS, ageMs: 365 * DAY_MS });
    state.authorities = counted({ ...before, all: [...before.all, prepared] });
    expect(verificationsOf(10)).toBe(once);
    state.authorities = { ...before, all: [prepared] };
    expect(clients.verify(der)).toBeUndefined();
    state.authorities = before;
    expect(clients.verify(der)).toBeDefined();
  });

  it('A client certificate that was verified ends with its own period and with that of its authority', async () => {
    const { state, clients, issue } = await setup({ ageMs: 7 * DAY_MS });
    const der = derOf((await issue()).chain);
    const { endsMs } = clients.verify(der) ?? { endsMs: NaN };
    state.nowMs = endsMs - 1;
    expect(clients.verify(der)).toBeDefined();
    state.nowMs = endsMs;
    expect(clients.verify(der)).toBeUndefined();
    state.nowMs = NOW_MS - DAY_MS;
    expect(clients.verify(der)).toBeUndefined();
    state.nowMs = NOW_MS;
    expect(clients.verify(der)).toBeDefined();
    const [authority] = state.authorities.all;
    if (authority === undefined) throw new Error('there is no authority');
    const ending = derOf((await issue()).chain);
    state.authorities = { ...state.authorities, all: [{ ...authority, endsMs: NOW_MS + 1 }] };
    expect(clients.verify(ending)).toBeDefined();
    state.nowMs = NOW_MS + 1;
    expect(clients.verify(ending)).toBeUndefined();
  });

  it('Client certificates of every trusted authority are accepted, and of no other', async () => {
    const { clients, issue, state } = await setup();
    const der = derOf((await issue()).chain);
    const [former] = state.authorities.all;
    const next = await newAuthority('active', { nowMs: NOW_MS, ageMs: DAY_MS });
    if (former === undefined) throw new Error('none');
    state.authorities = { all: [next, { ...former, state: 'retired' }], removed: [] };
    expect(clients.verify(der)).toBeDefined();
    state.authorities = { all: [next], removed: [] };
    expect(clients.verify(der)).toBeUndefined();
  });

  it.each([
    { what: 'an authority of the same name', certificateOf: 'impostor' },
    { what: 'a certificate of ours for its issuer', certificateOf: 'ours' },
  ])(
    'A client certificate that was signed with another key is refused, with $what',
    async ({ certificateOf }) => {
      const { clients, state } = await setup();
      const [ours] = state.authorities.all;
      const impostor = await makeAuthority(ours?.id ?? '', { nowMs: NOW_MS, lifeMs: DAY_MS });
      const certificatePem = certificateOf === 'ours' ? ours?.certificatePem : impostor.certificatePem;
      const pem = await signLeaf({
        issuer: { certificatePem: certificatePem ?? '', keyPem: impostor.keyPem },
        purpose: 'client',
        subject: 'rolegate-agent',
        nowMs: NOW_MS,
        lifeMs: HOUR_MS,
        names: [`spiffe://rolegate/node/${NODE}`, `urn:rolegate:pod:${POD_UID}`].map((value) => ({
          type: 'url',
          value,
        })),
        publicKey: new X509Certificate(impostor.certificatePem).publicKey,
      });
      expect(clients.verify(derOf(pem))).toBeUndefined();
    },
  );

  const id = `spiffe://rolegate/node/${NODE}`;
  const urn = `urn:rolegate:pod:${POD_UID}`;
  it.each([
    { what: 'for servers', names: [id, urn], purpose: 'server' as const },
    { what: 'without a node', names: [urn] },
    { what: 'without a Pod', names: [id] },
    { what: 'of two nodes', names: [id, 'spiffe://rolegate/node/b', urn] },
    { what: 'of two Pods', names: [id, urn, 'urn:rolegate:pod:x'] },
    { what: 'of another trust domain', names: [`spiffe://other/node/${NODE}`, urn] },
    { what: 'the other way round', names: [urn, id] },
    { what: 'of a node that is none', names: ['spiffe://rolegate/node/a/b', urn] },
    { what: 'with names in one', names: [`${id}, URI:${urn}`] },
  ])('A client certificate $what is refused', async ({ names, purpose }) => {
    const { clients, forge } = await setup();
    expect(clients.verify(await forge([id, urn]))).toBeDefined();
    expect(clients.verify(await forge(names, { purpose }))).toBeUndefined();
  });

  it.each([
    { lifeMs: HOUR_MS, good: true },
    { lifeMs: HOUR_MS + SECOND_MS, good: false },
    { lifeMs: DAY_MS, good: false },
    { lifeMs: 300 * DAY_MS, good: false },
  ])(
    'A client certificate that the authority signed for $lifeMs ms is accepted: $good',
    async ({ lifeMs, good }) => {
      const { clients, forge, state } = await setup();
      const der = await forge([id, urn], { lifeMs });
      expect(clients.verify(der) !== undefined).toBe(good);
      state.nowMs += lifeMs - SECOND_MS;
      expect(clients.verify(der) !== undefined).toBe(good);
    },
  );

  it('A client certificate is accepted whatever fraction of a second it is issued at', async () => {
    const { clients, issue, state } = await setup();
    for (const ms of [1, 499, 500, 999]) {
      state.nowMs = NOW_MS + ms;
      expect(clients.verify(derOf((await issue()).chain))).toMatchObject({ node: NODE });
    }
  });

  it('Neither junk nor the certificate of the authority is accepted as a client certificate', async () => {
    const { clients, state } = await setup();
    for (const der of [
      new Uint8Array(),
      Buffer.from('junk'),
      derOf(state.authorities.all[0]?.certificatePem ?? ''),
    ])
      expect(clients.verify(der)).toBeUndefined();
  });
});
