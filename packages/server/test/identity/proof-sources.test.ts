import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import { createTestCa } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';
import type { VerifiedClient } from '../../src/identity/authority/client-certificates.ts';
import { createAuthorityProof, createFilesProof } from '../../src/identity/proof-sources.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 7);
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const GOOD = { notBefore: new Date(NOW_MS - 5 * MINUTE_MS), notAfter: new Date(NOW_MS + HOUR_MS) };

/** A call on a connection with this certificate, if any, which TLS accepted. */
async function setup(options: IssueOptions | undefined) {
  const known = { client: undefined as VerifiedClient | undefined };
  const { cert } = await (await createTestCa()).issue(options);
  const raw = options && new X509Certificate(cert).raw;
  const source = createAuthorityProof({
    authority: { verifyClient: () => known.client },
    clock: { now: () => NOW_MS },
  });
  const proof = source.prove({
    getAuthContext: () => (raw ? { sslPeerCertificate: { raw } } : {}),
    getPeer: () => '198.18.0.9:1',
    metadata: { get: () => ['a token counts for nothing here'] },
  });
  if (typeof proof !== 'function') throw new Error('it is no proof');
  const refusal = () => {
    try {
      return JSON.stringify(proof());
    } catch (error) {
      return error instanceof Refusal ? `${error.reason}: ${error.message}` : 'no Refusal';
    }
  };
  return { known, proof, refusal };
}

describe('Certificates of the authority', () => {
  it("A certificate of the server's authority is verified again at each use", async () => {
    const { known, proof, refusal } = await setup(GOOD);
    known.client = { node: 'node-a', podUid: 'uid-1', endsMs: NOW_MS + 1 };
    expect(proof()).toEqual(known.client);
    known.client = undefined;
    expect(refusal()).toMatch(/^ForeignNode: .*was not signed by an authority that this server trusts now/);
  });

  it.each([
    { when: 'it is good', notBefore: NOW_MS - HOUR_MS },
    { when: 'it has ended', notBefore: NOW_MS - 301 * 24 * HOUR_MS },
    { when: 'it is not valid yet', notBefore: NOW_MS + HOUR_MS },
  ])('A certificate that lives for 300 days is refused as ForeignNode while $when', async ({ notBefore }) => {
    const notAfter = new Date(notBefore + 300 * 24 * HOUR_MS);
    const { refusal } = await setup({
      notBefore: new Date(notBefore),
      notAfter,
      uris: ['spiffe://rolegate/node/node-a'],
    });
    expect(refusal()).toMatch(
      /^ForeignNode: the client's certificate for "URI:spiffe:.*lives longer .*than any that a server issues/,
    );
  });

  it.each([
    {
      what: 'has ended since the connection began',
      options: { notBefore: new Date(NOW_MS - HOUR_MS), notAfter: new Date(NOW_MS) },
      says: /^ServerUnavailable: .*"URI:spiffe:.*expired at 2026-11-23T07:00:00Z: the agent must attest again$/,
    },
    {
      what: 'is not valid yet',
      options: { notBefore: new Date(NOW_MS + 1_000), notAfter: new Date(NOW_MS + HOUR_MS) },
      says: /^ServerUnavailable: .*is not valid before 2026-11-23T07:00:01Z: check the clocks/,
    },
  ])(
    'A certificate that $what is refused as ServerUnavailable, not as ForeignNode',
    async ({ options, says }) => {
      const { refusal } = await setup({ ...options, uris: ['spiffe://rolegate/node/node-a'] });
      expect(refusal()).toMatch(says);
    },
  );
});

it('A connection without a certificate is refused as ForeignNode', async () => {
  const { refusal } = await setup(undefined);
  expect(refusal()).toMatch(/^ForeignNode: the client has no certificate, although TLS requires one$/);
});

describe('User-provided certificates', () => {
  /** The proof of a call on such a connection, whose certificate names node-a. */
  async function proven(verified: boolean | undefined, { token }: { token?: string } = {}) {
    const { cert } = await (await createTestCa()).issue({ uris: ['spiffe://rolegate/node/node-a'] });
    const source = createFilesProof({
      trustDomain: 'rolegate',
      connections: { verified: () => verified },
      attest: { prove: () => Promise.resolve({ node: 'node-a', podUid: 'uid-1' }) },
      shared: true,
    });
    try {
      const proof = await source.prove({
        getAuthContext: () => ({ sslPeerCertificate: new X509Certificate(cert).toLegacyObject() as never }),
        getPeer: () => '198.18.0.9:1',
        metadata: { get: () => (token === undefined ? [] : [token]) },
      });
      return proof?.().node;
    } catch (error) {
      return error instanceof Refusal ? `${error.reason}: ${error.message}` : 'no Refusal';
    }
  }

  it('A user-provided certificate proves its node if TLS accepted it', async () => {
    expect(await proven(true)).toBe('node-a');
    expect(await proven(true, { token: 'good' })).toBe('node-a');
  });

  it.each([
    { verified: false, says: /^ForeignNode: the client has no certificate/ },
    { verified: undefined, says: /^ServerUnavailable: the connection of the call is no longer open/ },
  ])(
    'A user-provided certificate proves nothing if "verified by TLS" is $verified',
    async ({ verified, says }) => {
      expect(await proven(verified)).toMatch(says);
      expect(await proven(verified, { token: 'good' })).toMatch(says);
    },
  );
});
