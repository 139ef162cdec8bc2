import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { activeOf, AuthorityFault, bundleOf } from '../../../src/identity/authority/authorities.ts';
import type { Shared } from '../../../src/identity/authority/secret.ts';
import { createMemoryStore, createReplica, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, YEAR_MS } from './setup.ts';

async function setup() {
  const memory = createMemoryStore();
  const clock = createFakeClock();
  const replica = () => createReplica({ memory, clock });
  const first = replica();
  await first.keeper.look();
  return { ...first, memory, clock, replica };
}

const known = (shared: Shared | undefined): Shared => {
  if (shared === undefined) throw new Error('nothing is known');
  return shared;
};

describe('First start of the keeper', () => {
  it('The keeper makes one active authority at the first start, and publishes it', async () => {
    const { keeper, states, memory, said } = await setup();
    expect(states()).toEqual(['active']);
    expect(memory.bundle()).toBe(bundleOf(known(keeper.shared()).authorities));
    expect(known(keeper.shared()).tokenSecret).toHaveLength(32);
    expect(keeper.condition()).toBeUndefined();
    expect(said()).toEqual(['authority found', 'authority bundle published']);
  });

  it('The keeper shares a new authority with replicas that were slower', async () => {
    const memory = createMemoryStore();
    const [a, b, c] = [createReplica({ memory }), createReplica({ memory }), createReplica({ memory })];
    await Promise.all([a, b, c].map(({ keeper }) => keeper.look()));
    expect(memory.state.writes).toBe(1);
    expect(a.ids()).toHaveLength(1);
    expect(b.ids()).toEqual(a.ids());
    expect(c.ids()).toEqual(a.ids());
    expect(known(b.keeper.shared()).tokenSecret).toEqual(known(a.keeper.shared()).tokenSecret);
  });

  it('The keeper fills a Secret that was made empty', async () => {
    const memory = createMemoryStore();
    memory.setSecret({ 'authorities.json': '' });
    const { keeper, states } = createReplica({ memory });
    await keeper.look();
    expect(states()).toEqual(['active']);
    expect(memory.secret()?.['authorities.json']).toContain('active');
  });

  it('The keeper knows nothing at first, and says why, while the API server is unavailable', async () => {
    const memory = createMemoryStore();
    memory.state.away = new Error('connect ECONNREFUSED');
    const { keeper, lines, states } = createReplica({ memory });
    await keeper.look();
    await keeper.look();
    expect(keeper.shared()).toBeUndefined();
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'authority Secret sync failed',
        fields: {
          namespace: 'kube-system',
          name: 'own',
          error: 'connect ECONNREFUSED',
          hint: expect.stringContaining('reach the API server') as unknown,
        },
      },
    ]);
    memory.state.away = undefined;
    await keeper.look();
    expect(states()).toEqual(['active']);
  });

  it('The keeper gives running servers time to restore a Secret whose bundle still exists', async () => {
    const { memory, clock, replica, keeper, ids } = await setup();
    memory.setSecret(undefined);
    const late = replica();
    await late.keeper.look();
    expect(late.keeper.shared()).toBeUndefined();
    expect(late.keeper.condition()).toContain('waiting for a running server to restore it');
    await clock.advance(10 * SECOND_MS);
    await keeper.look();
    await late.keeper.look();
    expect(late.ids()).toEqual(ids());
  });

  it('The keeper creates a new authority if the Secret is not restored', async () => {
    const { memory, clock, replica, ids } = await setup();
    memory.setSecret(undefined);
    const late = replica();
    await late.keeper.look();
    await clock.advance(30 * SECOND_MS);
    await late.keeper.look();
    expect(late.states()).toEqual(['active']);
    expect(late.ids()).not.toEqual(ids());
  });
});

describe('Loss and damage', () => {
  it.each([
    { what: 'lost', values: undefined },
    { what: 'emptied', values: {} },
  ])('The keeper restores a Secret that was $what', async ({ values }) => {
    const { memory, keeper, ids, said } = await setup();
    const before = { ids: ids(), secret: memory.secret() };
    memory.setSecret(values);
    await keeper.look();
    expect(memory.secret()).toEqual(before.secret);
    expect(ids()).toEqual(before.ids);
    expect(said()).toContain('authority Secret was missing; restored');
  });

  it('The keeper repairs the bundle', async () => {
    const { memory, keeper } = await setup();
    const bundle = memory.bundle();
    for (const broken of [undefined, '', 'junk', `${bundle ?? ''}x`]) {
      memory.setBundle(broken);
      await keeper.look();
      expect(memory.bundle()).toBe(bundle);
    }
  });

  it.each([
    { what: 'no JSON', break: (json: string) => json.slice(0, -20) },
    { what: 'the key of another', break: (json: string) => withKey(json, otherKey()) },
    { what: 'no active one', break: (json: string) => json.replace('"active"', '"retired"') },
    { what: 'an expired one', break: (json: string) => json, laterMs: 2 * YEAR_MS },
  ])(
    'The keeper logs a Secret with $what as an error, keeps the last valid one and writes nothing',
    async (broken) => {
      const { memory, keeper, ids, lines, clock } = await setup();
      const before = {
        ids: ids(),
        writes: memory.state.writes,
        json: memory.secret()?.['authorities.json'] ?? '',
      };
      if (broken.laterMs !== undefined) clock.jumpWall(broken.laterMs);
      const secret = { ...memory.secret(), 'authorities.json': broken.break(before.json) };
      memory.setSecret(secret);
      await keeper.look();
      await keeper.look();
      expect(ids()).toEqual(before.ids);
      expect(memory.secret()).toEqual(secret);
      expect(memory.state.writes).toBe(before.writes);
      const errors = lines.filter(({ level }) => level === 'error');
      expect(errors).toHaveLength(1);
      expect(errors[0]?.fields['hint']).toContain('The last valid authorities stay');
      expect(keeper.condition()).toMatch(/correct the Secret/i);
      clock.jumpWall(-(broken.laterMs ?? 0));
      memory.setSecret({ ...secret, 'authorities.json': before.json });
      await keeper.look();
      expect(keeper.condition()).toBeUndefined();
      expect(lines.at(-1)?.message).toBe('authority Secret sync recovered');
    },
  );

  it('The keeper says what creates the Secret if it does not exist and the server may not create it', async () => {
    const memory = createMemoryStore();
    const fault = new AuthorityFault('the Secret x does not exist', { hint: 'helm upgrade' });
    memory.state.before = () => Promise.reject(fault);
    const { keeper, lines } = createReplica({ memory });
    await keeper.look();
    expect(keeper.shared()).toBeUndefined();
    expect(keeper.condition()).toBe('the Secret x does not exist. helm upgrade');
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'authority Secret sync failed',
        fields: {
          namespace: 'kube-system',
          name: 'own',
          error: 'the Secret x does not exist',
          hint: 'helm upgrade',
        },
      },
    ]);
  });

  it('The keeper never makes a new authority if the first Secret that it sees is broken', async () => {
    const memory = createMemoryStore();
    memory.setSecret({ 'authorities.json': '{', 'token-secret': 'aa'.repeat(32) });
    const { keeper } = createReplica({ memory });
    await keeper.look();
    expect(keeper.shared()).toBeUndefined();
    expect(keeper.condition()).toContain('or empty it to create a new authority');
    expect(memory.state.writes).toBe(0);
  });

  it('The keeper continues with what it knows while the API server is unavailable', async () => {
    const { memory, keeper, ids } = await setup();
    memory.state.away = new Error('away');
    await keeper.look();
    expect(ids()).toHaveLength(1);
    expect(keeper.condition()).toBe('away');
  });

  it('The keeper makes a new authority if the Secret is lost and what it remembers has expired', async () => {
    const { memory, keeper, ids, clock } = await setup();
    const [former] = ids();
    const token = known(keeper.shared()).tokenSecret;
    clock.jumpWall(2 * YEAR_MS);
    memory.setSecret(undefined);
    await keeper.look();
    const { authorities, tokenSecret } = known(keeper.shared());
    expect(activeOf(authorities).endsMs).toBe(clock.now() + YEAR_MS);
    expect(ids()).not.toContain(former);
    expect(tokenSecret).toEqual(token);
  });

  it('The keeper reads again if another replica was faster', async () => {
    const { memory, clock, replica, ids, keeper } = await setup();
    const other = replica();
    await other.keeper.look();
    clock.jumpWall(0.7 * YEAR_MS);
    memory.state.before = () => other.keeper.look();
    await keeper.look();
    expect(ids()).toHaveLength(2);
    expect(ids()).toEqual(other.ids());
  });
});

describe('Rotation by the keeper', () => {
  it('The keeper prepares, activates and removes authorities by age, with a log line for each', async () => {
    const { keeper, states, clock, said, memory } = await setup();
    clock.jumpWall((2 / 3) * YEAR_MS + MINUTE_MS);
    await keeper.look();
    expect(states()).toEqual(['active', 'prepared']);
    expect(memory.bundle()).toBe(bundleOf(known(keeper.shared()).authorities));
    clock.jumpWall(DAY_MS);
    await keeper.look();
    expect(states()).toEqual(['retired', 'active']);
    // Retired authorities have no key.
    expect(memory.secret()?.['authorities.json']?.match(/PRIVATE KEY/g)).toHaveLength(2);
    clock.jumpWall(DAY_MS);
    await keeper.look();
    expect(states()).toEqual(['active']);
    expect(said().filter((message) => /^authority \w+$/.test(message))).toEqual([
      'authority found',
      'authority prepared',
      'authority retired',
      'authority activated',
      'authority removed',
    ]);
  });

  it('A replica that was slow does not bring back an authority that was removed', async () => {
    const { keeper, clock, replica, ids } = await setup();
    const slow = replica();
    await slow.keeper.look();
    const [former] = ids();
    for (const ms of [0.7 * YEAR_MS, DAY_MS, DAY_MS]) {
      clock.jumpWall(ms);
      await keeper.look();
    }
    await slow.keeper.look();
    expect(slow.ids()).toEqual(ids());
    expect(ids()).not.toContain(former);
  });

  it('An authority that a slow replica brings back with a lost Secret is removed again', async () => {
    const { keeper, clock, replica, ids, memory } = await setup();
    const slow = replica();
    const [former] = ids();
    for (const ms of [0.7 * YEAR_MS, DAY_MS]) {
      clock.jumpWall(ms);
      await keeper.look();
    }
    await slow.keeper.look();
    clock.jumpWall(DAY_MS - HOUR_MS);
    await slow.keeper.look();
    clock.jumpWall(HOUR_MS);
    await keeper.look();
    expect(ids()).not.toContain(former);
    // As `retire --now` may come: at another moment than by age, which the slow one would find out by itself.
    clock.jumpWall(-HOUR_MS);
    memory.setSecret(undefined);
    await slow.keeper.look();
    expect(slow.ids()).toContain(former);
    await keeper.look();
    expect(ids()).not.toContain(former);
    await slow.keeper.look();
    expect(slow.ids()).toEqual(ids());
  });

  it('The keeper activates no authority that agents cannot know as the bundle cannot be published', async () => {
    const { keeper, states, clock, memory } = await setup();
    memory.state.bundleAway = new Error('forbidden');
    clock.jumpWall(0.7 * YEAR_MS);
    await keeper.look();
    clock.jumpWall(2 * DAY_MS);
    await keeper.look();
    expect(states()).toEqual(['active', 'prepared']);
    expect(keeper.condition()).toBe('forbidden');
    memory.state.bundleAway = undefined;
    await keeper.look();
    await keeper.look();
    expect(states()).toEqual(['retired', 'active']);
  });

  it('Three replicas, two of which are often away, have one active authority throughout five years', async () => {
    const { memory, clock, replica, keeper } = await setup();
    const others = [replica(), replica()];
    let bundles = new Set<string>();
    for (let step = 0; step < 5 * 365 * 4; step += 1) {
      clock.jumpWall(6 * HOUR_MS);
      const awake = step % 5 === 0 ? [keeper, ...others.map((other) => other.keeper)] : [keeper];
      await Promise.all(awake.map((one) => one.look()));
      bundles = bundles.add(memory.bundle() ?? '');
      expect(known(keeper.shared()).authorities.all.filter(({ state }) => state === 'active')).toHaveLength(
        1,
      );
    }
    await Promise.all(others.map((other) => other.keeper.look()));
    for (const other of others)
      expect(bundleOf(known(other.keeper.shared()).authorities)).toBe(memory.bundle());
    // Seven rotations of four bundles each, about: one alone, both, both the other way round.
    expect(bundles.size).toBeGreaterThan(15);
    expect(keeper.condition()).toBeUndefined();
  });
});

describe('Authority keeper', () => {
  it('The keeper never logs a key, whatever happens', async () => {
    const { memory, keeper, lines, clock } = await setup();
    const json = memory.secret()?.['authorities.json'] ?? '';
    const token = memory.secret()?.['token-secret'] ?? '';
    const at = json.indexOf('PRIVATE KEY');
    for (const broken of [
      json.slice(0, at + 60),
      json.slice(at),
      json.replaceAll('"', ''),
      json.slice(at + 30),
    ]) {
      memory.setSecret({ 'authorities.json': broken, 'token-secret': token });
      await keeper.look();
    }
    memory.setSecret({ 'authorities.json': json, 'token-secret': `${token.slice(2)}xx` });
    await keeper.look();
    memory.setSecret(undefined);
    for (const ms of [0, 0.7 * YEAR_MS, DAY_MS, DAY_MS]) {
      clock.jumpWall(ms);
      await keeper.look();
    }
    const text = JSON.stringify(lines);
    expect(lines.length).toBeGreaterThan(8);
    expect(text).not.toContain('PRIVATE');
    expect(text).not.toContain(token.slice(2, 20));
    const secret = /PRIVATE KEY-----\\n([^\\]{20})/.exec(json)?.[1] ?? '';
    expect(secret).toHaveLength(20);
    for (let from = 0; from + 8 <= secret.length; from += 4)
      expect(text).not.toContain(secret.slice(from, from + 8));
  });
});

function withKey(json: string, keyPem: string): string {
  const kept = JSON.parse(json) as { authorities: object[] };
  return JSON.stringify({ ...kept, authorities: kept.authorities.map((one) => ({ ...one, keyPem })) });
}

function otherKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
