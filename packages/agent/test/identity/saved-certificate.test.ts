import { beforeAll, describe, expect, it } from 'vitest';
import { createFakeClock, createTestCa } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { createCertificateRequest } from '../../src/identity/certificate-request.ts';
import { issuedOf } from '../../src/identity/issued-certificate.ts';
import { keptCertificate, usableCertificate } from '../../src/identity/saved-certificate.ts';
import type { SavedCertificate, UsableFor } from '../../src/identity/saved-certificate.ts';
import { createOwnCertificate } from '../../src/identity/own-certificate.ts';
import { createTestLog } from '../addresses/known-pods.ts';

const MINUTE_MS = 60_000;
const START_MS = Math.floor(Date.now() / 1_000) * 1_000;

let ca: TestCa;
let other: TestCa;
beforeAll(async () => {
  [ca, other] = [await createTestCa(), await createTestCa()];
});

function authoritiesOf(pem: string) {
  return { ca: Buffer.from(pem), caEndsMs: 0 };
}

/** A saved certificate valid for an hour from START_MS. */
async function keep(by = ca): Promise<SavedCertificate> {
  const { key, der } = await createCertificateRequest();
  const certificateChain = await by.certify(der, {
    uris: ['spiffe://rolegate/node/node-1'],
    usages: ['client'],
    notBefore: new Date(START_MS),
    notAfter: new Date(START_MS + 60 * MINUTE_MS),
  });
  const context = { key, nodeName: 'node-1', nowMs: START_MS };
  return keptCertificate(issuedOf({ certificateChain, authorities: by.pem }, context));
}

function use(kept: SavedCertificate, changes: Partial<UsableFor> = {}) {
  const usual = { nodeName: 'node-1', authorities: authoritiesOf(ca.pem), nowMs: START_MS };
  return usableCertificate(kept, { ...usual, ...changes });
}

describe('Saved certificate', () => {
  it('A saved certificate is restored unchanged', async () => {
    const kept = await keep();
    const usable = use(kept);
    expect('issued' in usable && keptCertificate(usable.issued)).toEqual(kept);
  });

  it.each<{ what: string; changes: () => Partial<UsableFor>; fault: RegExp }>([
    { what: 'has expired', changes: () => ({ nowMs: START_MS + 61 * MINUTE_MS }), fault: /expired/ },
    { what: 'belongs to another node', changes: () => ({ nodeName: 'node-2' }), fault: /is for node-1/ },
    {
      what: 'comes from a removed authority',
      changes: () => ({ authorities: authoritiesOf(other.pem) }),
      fault: /no longer in --ca/,
    },
    {
      what: 'has no authority to verify it',
      changes: () => ({ authorities: undefined }),
      fault: /no certificate authority/,
    },
  ])('A saved certificate that $what is not used', async ({ changes, fault }) => {
    const usable = use(await keep(), changes());
    expect('fault' in usable && usable.fault).toMatch(fault);
  });

  it('A saved certificate with an invalid part is not used, and the error does not quote that part', async () => {
    const kept = await keep();
    for (const name of ['chain', 'key', 'authorities'] as const) {
      const usable = use({ ...kept, [name]: 'secret' });
      expect('fault' in usable && usable.fault).not.toContain('secret');
      expect('issued' in usable).toBe(false);
    }
    expect(use({ ...kept, key: (await keep()).key })).toHaveProperty('fault');
  });
});

describe('Agent with a saved certificate', () => {
  it('An agent uses its saved certificate at once, asks no server, and renews it at half its remaining life', async () => {
    const clock = createFakeClock({ nowMs: START_MS + 20 * MINUTE_MS });
    const usable = use(await keep(), { nowMs: clock.now() });
    const asked: number[] = [];
    const stop = new AbortController();
    const own = createOwnCertificate({
      authorities: {
        current: () => authoritiesOf(ca.pem),
        fault: () => undefined,
        onChange: () => undefined,
      },
      attest() {
        asked.push(clock.monotonic());
        return Promise.reject(new Error('away'));
      },
      attested: () => undefined,
      ...('issued' in usable && { kept: usable.issued }),
      clock,
      log: createTestLog(),
      random: () => 0.5,
    });
    await own.first;
    expect([own.state(), typeof own.current().cert]).toEqual([true, 'object']);
    const running = own.run(stop.signal);
    await clock.advance(19 * MINUTE_MS);
    expect(asked).toEqual([]);
    await clock.advance(2 * MINUTE_MS);
    expect(asked[0]).toBeGreaterThanOrEqual(20 * MINUTE_MS);
    expect(own.state()).toMatch(/valid, but not renewed/);
    stop.abort();
    await running;
  });
});
