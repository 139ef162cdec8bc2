import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTestCa } from '@rolegate/testing';
import { AuthorityFault, newAuthority } from '../../../src/identity/authority/authorities.ts';
import {
  isEmptied,
  newTokenSecret,
  readShared,
  writeShared,
} from '../../../src/identity/authority/secret.ts';
import { DAY_MS, MINUTE_MS } from './setup.ts';
import { write01 } from './server-0.1.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 7);

async function setup() {
  const made = { nowMs: NOW_MS, ageMs: 30 * DAY_MS };
  const [active, prepared] = [await newAuthority('active', made), await newAuthority('prepared', made)];
  const removed = [{ id: '0123456789abcdef', endsMs: NOW_MS + 1 }];
  const values = writeShared({
    authorities: { all: [active, prepared], removed },
    tokenSecret: newTokenSecret(),
    generation: 7,
  });
  const kept = JSON.parse(values['authorities.json'] ?? '') as { authorities: Record<string, unknown>[] };
  return { active, prepared, removed, values, kept };
}

type Kept = Awaited<ReturnType<typeof setup>>['kept'];

describe('New authority', () => {
  it('A new authority is EC P-256, signs only leaf certificates, and is valid for its age and a little before', async () => {
    const { id, certificatePem, keyPem } = await newAuthority('active', {
      nowMs: NOW_MS,
      ageMs: 30 * DAY_MS,
    });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.subject).toBe(`O=rolegate\nCN=rolegate authority ${id}`);
    expect(certificate.ca).toBe(true);
    expect(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validFrom)).toBe(NOW_MS - 5 * MINUTE_MS);
    expect(Date.parse(certificate.validTo)).toBe(NOW_MS + 30 * DAY_MS);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(keyPem).toContain('BEGIN PRIVATE KEY');
    // BasicConstraints: critical, CA, pathlen 0. KeyUsage: critical, keyCertSign and cRLSign (RFC 5280, 4.2.1.3 and 9).
    expect(certificate.raw.toString('hex')).toContain('0603551d130101ff040830060101ff020100');
    expect(certificate.raw.toString('hex')).toContain('0603551d0f0101ff040403020106');
  });
});

describe('Authority Secret', () => {
  it('The authority Secret is read as it was written', async () => {
    const { values, active, prepared, removed } = await setup();
    const { authorities, tokenSecret, generation } = readShared(values, NOW_MS);
    expect(writeShared({ authorities, tokenSecret, generation })).toEqual(values);
    expect(generation).toBe(7);
    expect(authorities.all.map(({ id }) => id)).toEqual([active.id, prepared.id]);
    expect(authorities.removed).toEqual(removed);
  });

  const edited = (edit: (first: Record<string, unknown>, kept: Kept) => unknown) => edit;
  const badGenerations = [-1, 1.5, '7', null, 1e300].map((generation) => ({
    what: `generation ${JSON.stringify(generation)}`,
    edit: edited((_, kept) => ({ ...kept, generation })),
    says: 'the generation is not an integer',
  }));
  it.each([
    { what: 'no list', edit: edited(() => ({})), says: 'has no list' },
    { what: 'null', edit: edited(() => null), says: 'has no list' },
    { what: 'a list of junk', edit: edited(() => ({ authorities: [1] })), says: 'has no id' },
    { what: 'a bad id', edit: edited((first, kept) => ((first['id'] = '../x'), kept)), says: 'has no id' },
    {
      what: 'a state of its own',
      edit: edited((first, kept) => ((first['state'] = 'x'), kept)),
      says: 'incomplete',
    },
    {
      what: 'no time',
      edit: edited((first, kept) => ((first['sinceMs'] = '1'), kept)),
      says: 'incomplete',
    },
    {
      what: 'a broken certificate',
      edit: edited((first, kept) => ((first['certificatePem'] = 'x'), kept)),
      says: 'does not parse',
    },
    {
      what: 'a broken key',
      edit: edited((first, kept) => ((first['keyPem'] = 'x'), kept)),
      says: 'does not parse',
    },
    { what: 'no key', edit: edited((first, kept) => (delete first['keyPem'], kept)), says: 'has no key' },
    {
      what: 'keys exchanged',
      edit: edited((first, kept) => ((first['keyPem'] = kept.authorities[1]?.['keyPem']), kept)),
      says: 'does not belong to its certificate',
    },
    {
      what: 'two active',
      edit: edited((_, kept) => both(kept, 'active')),
      says: 'more than one authority is active',
    },
    {
      what: 'none active',
      edit: edited((first, kept) => ((first['state'] = 'retired'), kept)),
      says: 'no authority is active',
    },
    { what: 'one twice', edit: edited((first, kept) => twice(first, kept)), says: 'twice' },
    ...badGenerations,
    { what: 'junk removed', edit: edited((_, kept) => ({ ...kept, removed: [1] })), says: 'list of removed' },
  ])('An authority Secret with $what is invalid', async ({ edit, says }) => {
    const { values, kept } = await setup();
    const edit2 = edit(kept.authorities[0] ?? {}, kept);
    const read = () => readShared({ ...values, 'authorities.json': JSON.stringify(edit2) }, NOW_MS);
    expect(read).toThrow(AuthorityFault);
    expect(read).toThrow(says);
  });

  it('A Secret without a generation, as a 0.1 server writes it, has the generation 0', async () => {
    const { values } = await setup();
    expect(readShared(write01(readShared(values, NOW_MS)), NOW_MS).generation).toBe(0);
  });

  it('A leaf certificate is not accepted as an authority', async () => {
    const { values, kept } = await setup();
    const { cert: certificatePem, key: keyPem } = await (await createTestCa()).issue();
    Object.assign(kept.authorities[0] ?? {}, { certificatePem, keyPem });
    const read = () => readShared({ ...values, 'authorities.json': JSON.stringify(kept) }, NOW_MS);
    expect(read).toThrow('is not that of a certificate authority');
  });

  it('An expired active authority is accepted only if a prepared one takes over', async () => {
    const { values, active, prepared } = await setup();
    const tokenSecret = newTokenSecret();
    const alone = writeShared({ authorities: { all: [active], removed: [] }, tokenSecret, generation: 1 });
    expect(() => readShared(alone, active.endsMs)).toThrow('expired at 2026-12-23T07:00:00.000Z');
    expect(() => readShared(values, active.endsMs)).toThrow('expired');
    const later = await newAuthority('prepared', { nowMs: prepared.endsMs, ageMs: DAY_MS });
    const both = writeShared({
      authorities: { all: [active, later], removed: [] },
      tokenSecret,
      generation: 1,
    });
    expect(readShared(both, active.endsMs).authorities.all).toHaveLength(2);
  });

  it.each(['', 'aa', 'zz'.repeat(32), 'aa'.repeat(33)])('The token secret %j is invalid', async (text) => {
    const { values } = await setup();
    expect(() => readShared({ ...values, 'token-secret': text }, NOW_MS)).toThrow(
      'token-secret is not 32 bytes',
    );
  });
});

describe('Emptied Secret', () => {
  it('A Secret is treated as emptied if its values are blank', async () => {
    const { values } = await setup();
    expect(isEmptied({})).toBe(true);
    expect(isEmptied({ 'authorities.json': ' \n', other: 'x' })).toBe(true);
    expect(isEmptied(values)).toBe(false);
    expect(isEmptied({ 'token-secret': 'x' })).toBe(false);
  });
});

function both(kept: Kept, state: string): Kept {
  for (const one of kept.authorities) one['state'] = state;
  return kept;
}

function twice(first: Record<string, unknown>, kept: Kept): Kept {
  return { ...kept, authorities: [first, { ...first, state: 'retired' }] };
}
