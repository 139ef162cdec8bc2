import { expect, it } from 'vitest';
import type { AttestResponseRead } from '@rolegate/protocol';
import { createTestCa } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';
import { createCertificateRequest } from '../../src/identity/certificate-request.ts';
import { issuedOf } from '../../src/identity/issued-certificate.ts';

const HOUR_MS = 3_600_000;
const NODE_CERT: IssueOptions = {
  uris: ['spiffe://rolegate/node/node-1', 'urn:rolegate:pod:u1'],
  usages: ['client'],
};

async function setup(cert: IssueOptions = NODE_CERT) {
  const ca = await createTestCa();
  const { key, der } = await createCertificateRequest();
  const good: AttestResponseRead = { certificateChain: await ca.certify(der, cert), authorities: ca.pem };
  return {
    ca,
    der,
    good,
    take: (changes: Partial<AttestResponseRead> = {}, nodeName = 'node-1') =>
      issuedOf({ ...good, ...changes }, { key, nodeName, nowMs: Date.now() }),
  };
}

it("A certificate for the agent's key and node is accepted with its key, expiry and lifetime", async () => {
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const times = { notBefore: new Date(nowMs - HOUR_MS), notAfter: new Date(nowMs + HOUR_MS) };
  const { take, good } = await setup({ ...NODE_CERT, ...times });
  const issued = take();
  expect(issued).toMatchObject({ endsMs: nowMs + HOUR_MS, lifeMs: 2 * HOUR_MS });
  expect(issued.cert.toString()).toBe(good.certificateChain);
  expect(issued.key.toString()).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

it('A certificate of any trust domain is accepted', async () => {
  const { take } = await setup({ uris: ['spiffe://prod.example/node/node-1'], usages: ['client'] });
  expect(() => take()).not.toThrow();
});

it('A certificate chain that includes its authority is accepted', async () => {
  const { take, good, ca } = await setup();
  expect(() => take({ certificateChain: good.certificateChain + ca.pem })).not.toThrow();
});

it.each<{ what: string; cert: IssueOptions; says: RegExp }>([
  {
    what: 'for another node',
    cert: { ...NODE_CERT, uris: ['spiffe://rolegate/node/node-2'] },
    says: /is for node-2, but this is node-1$/,
  },
  { what: 'for no node', cert: { usages: ['client'] }, says: /is for no node, but this is node-1$/ },
  {
    what: 'for two nodes',
    cert: { ...NODE_CERT, uris: ['spiffe://rolegate/node/node-1', 'spiffe://rolegate/node/node-2'] },
    says: /is for no node, but this is node-1$/,
  },
  {
    what: 'that has expired',
    cert: { ...NODE_CERT, notBefore: new Date(0), notAfter: new Date(Date.now() - 1_000) },
    says: /expired at .*; renew it$/,
  },
  {
    what: 'that is not valid yet',
    cert: {
      ...NODE_CERT,
      notBefore: new Date(Date.now() + HOUR_MS),
      notAfter: new Date(Date.now() + 2 * HOUR_MS),
    },
    says: /is not valid before .*; check the clock of this machine$/,
  },
  { what: 'for servers', cert: { ...NODE_CERT, usages: ['server'] }, says: /is not a client certificate/ },
])('A certificate $what is rejected', async ({ cert, says }) => {
  const { take } = await setup(cert);
  expect(() => take()).toThrow(says);
});

it('A certificate for another key is rejected', async () => {
  const { take, ca } = await setup();
  const { der } = await createCertificateRequest();
  const certificateChain = await ca.certify(der, NODE_CERT);
  expect(() => take({ certificateChain })).toThrow(/is not for the agent's key$/);
});

it.each(['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'A certificate chain or list of authorities that consists of %j is rejected',
  async (text) => {
    const { take } = await setup();
    expect(() => take({ certificateChain: text })).toThrow(/has no certificate|cannot be parsed/);
    expect(() => take({ authorities: text })).toThrow(/has no certificate|cannot be parsed/);
  },
);

it('A certificate of an authority that the server does not list is rejected', async () => {
  const { take } = await setup();
  const authorities = (await createTestCa()).pem; // of the same name, with another key
  expect(() => take({ authorities })).toThrow(/was issued by an authority that is not in its list$/);
});

it('A list of authorities that includes a certificate of no authority is rejected', async () => {
  const { take, good } = await setup();
  expect(() => take({ authorities: good.authorities + good.certificateChain })).toThrow(
    /which is not an authority$/,
  );
});
