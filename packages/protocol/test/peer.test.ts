import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isNodeName, nodeOfPeer, nodeOfSan, peerCertificateEndsMs } from '@rolegate/protocol';
import { createTestCa } from '@rolegate/testing';

const TRUST_DOMAIN = 'rolegate';
const id = (node: string) => `URI:spiffe://rolegate/node/${node}`;

describe('Node of a SAN', () => {
  it.each([
    { san: id('node-1'), node: 'node-1' },
    { san: id('ip-10-0-0-7.eu-west-1.compute.internal'), node: 'ip-10-0-0-7.eu-west-1.compute.internal' },
    { san: `DNS:agent, ${id('n')}, IP Address:192.0.2.1`, node: 'n' },
    { san: `${id('n')}, URI:https://example.com/`, node: 'n' },
    { san: `URI:"spiffe://rolegate/node/n"`, node: 'n' },
  ])('The node $node is found in the SAN $san', ({ san, node }) => {
    expect(nodeOfSan(san, TRUST_DOMAIN)).toBe(node);
  });

  it.each([
    { why: 'no name at all', san: '' },
    { why: 'no URI', san: 'DNS:node-1' },
    { why: 'two nodes', san: `${id('a')}, ${id('b')}` },
    { why: 'the same node twice', san: `${id('a')}, ${id('a')}` },
    { why: 'a second SPIFFE ID', san: `${id('a')}, URI:SPIFFE://rolegate/server` },
    { why: 'another trust domain', san: 'URI:spiffe://other/node/a' },
    { why: 'a longer trust domain', san: 'URI:spiffe://rolegate.evil/node/a' },
    { why: 'the scheme in capitals', san: 'URI:SPIFFE://rolegate/node/a' },
    { why: 'another path', san: 'URI:spiffe://rolegate/server/a' },
    { why: 'no node', san: id('') },
    { why: 'a path after the node', san: id('a/b') },
    { why: 'a query', san: id('a?b') },
    { why: 'a fragment', san: id('a#b') },
    { why: 'percent-encoding', san: id('%61') },
    { why: 'capitals', san: id('Node') },
    { why: 'an underscore', san: id('a_b') },
    { why: 'a dot at the end', san: id('a.') },
    { why: 'a dash at the start', san: id('-a') },
    { why: 'two dots', san: id('a..b') },
    { why: 'a newline', san: `URI:"spiffe://rolegate/node/a\\n"` },
    { why: 'a name over 253 letters', san: id('a'.repeat(254)) },
    { why: 'an ID as a DNS name', san: 'DNS:spiffe://rolegate/node/a' },
    { why: 'an ID inside a quoted URI', san: `URI:"http://evil/, ${id('a')}"` },
    { why: 'an ID inside a quoted name', san: `DNS:"x, ${id('a')}"` },
    { why: 'an escaped quote before an ID', san: `DNS:"x\\", ${id('a')}` },
    { why: 'an unclosed quote', san: `${id('a')}, DNS:"x` },
    { why: 'words before the list', san: `junk${id('a')}` },
    { why: 'an entry without a type', san: `${id('a')}, junk` },
    { why: 'a quoted text that is not JSON', san: `URI:"\\x"` },
  ])('A SAN with $why names no node', ({ san }) => {
    expect(nodeOfSan(san, TRUST_DOMAIN)).toBeUndefined();
  });

  it('Every node name that Kubernetes accepts is found in its SAN', () => {
    const label = fc.stringMatching(/^[a-z0-9](?:[-a-z0-9]{0,20}[a-z0-9])?$/);
    const names = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(names, (node) => {
        expect(nodeOfSan(`DNS:agent, ${id(node)}`, TRUST_DOMAIN)).toBe(node);
      }),
    );
  });

  it('Reading a SAN never throws, and only returns node names', () => {
    const piece = fc.oneof(
      fc.constantFrom('URI:', 'DNS:', ', ', '"', '\\', 'spiffe://rolegate/node/', 'n', 'x.y', ' ', '/'),
      fc.string({ maxLength: 8 }),
    );
    const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, (san) => {
        const node = nodeOfSan(san, TRUST_DOMAIN);
        expect(node === undefined || isNodeName(node)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('A name that a stranger can choose never names a node, however it is quoted', () => {
    const word = fc.array(fc.constantFrom('"', '\\', ',', ' ', 'a', "'", '\0', 'é'), { maxLength: 6 });
    fc.assert(
      fc.property(word, word, (before, after) => {
        // Node writes a name with special characters as JSON, and the ID in it always has some here.
        const name = JSON.stringify(`${before.join('')}, ${id('victim')}, ${after.join('')}`);
        expect(nodeOfSan(`DNS:${name}`, TRUST_DOMAIN)).toBeUndefined();
        expect(nodeOfSan(`URI:${name}, ${id('own')}`, TRUST_DOMAIN)).toBe('own');
      }),
    );
  });

  it('A long SAN does not stall the reader', () => {
    const start = performance.now();
    expect(nodeOfSan(`URI:${'"\\'.repeat(100_000)}`, TRUST_DOMAIN)).toBeUndefined();
    expect(nodeOfSan(id('a-'.repeat(100_000)), TRUST_DOMAIN)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('Node of a peer', () => {
  it('The SAN that Node.js writes for a real certificate names its node', async () => {
    const ca = await createTestCa();
    const read = async (uris: string[]) => {
      const { cert } = await ca.issue({ uris, dns: ['agent'], ips: ['192.0.2.1', '2001:db8::1'] });
      return nodeOfSan(new X509Certificate(cert).subjectAltName ?? '', TRUST_DOMAIN);
    };
    expect(await read(['spiffe://rolegate/node/node-1'])).toBe('node-1');
    expect(await read(['spiffe://rolegate/node/a', 'spiffe://rolegate/node/b'])).toBeUndefined();
    expect(await read([`http://evil/, ${id('victim')}`])).toBeUndefined();
    expect(await read([`http://evil/", ${id('victim')}`])).toBeUndefined();
  });

  it.each([
    { what: 'no context', context: undefined },
    { what: 'an empty context', context: {} },
    { what: 'a certificate without names', context: { sslPeerCertificate: {} } },
  ])('A peer with $what has no node, and its certificate has no expiry', ({ context }) => {
    const call = { getAuthContext: () => context };
    expect(nodeOfPeer(call, TRUST_DOMAIN)).toBeUndefined();
    expect(peerCertificateEndsMs(call)).toBeUndefined();
  });

  it("The end of a peer's certificate is read", () => {
    const call = { getAuthContext: () => ({ sslPeerCertificate: { valid_to: 'Nov 23 07:39:10 2026 GMT' } }) };
    expect(peerCertificateEndsMs(call)).toBe(Date.UTC(2026, 10, 23, 7, 39, 10));
  });
});
