import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { activeOf, applyStep, bundleOf, newAuthority } from '../../../src/identity/authority/authorities.ts';
import type { Authorities } from '../../../src/identity/authority/authorities.ts';
import { newTokenSecret, readShared } from '../../../src/identity/authority/secret.ts';
import { createMemoryStore, createReplica, HOUR_MS, MINUTE_MS, SECOND_MS, YEAR_MS } from './setup.ts';
import { idsOf, known, setUpWithdrawal } from './withdrawal.ts';
import { createReplica01, write01 } from './server-0.1.ts';

describe('Replicas of 0.1', () => {
  it('The imitation of a 0.1 replica writes what 0.1.0 really wrote', async () => {
    const [nowMs, ageMs] = [Date.UTC(2026, 10, 23, 7), YEAR_MS];
    const made = { nowMs, ageMs };
    let authorities: Authorities = { all: [await newAuthority('active', made)], removed: [] };
    const second = await newAuthority('prepared', made);
    authorities = applyStep(authorities, { kind: 'prepare' }, { nowMs, made: second });
    authorities = applyStep(
      authorities,
      { kind: 'activate', id: second.id },
      { nowMs: nowMs + 3 * MINUTE_MS },
    );
    const third = await newAuthority('prepared', made);
    authorities = applyStep(authorities, { kind: 'prepare' }, { nowMs, made: third });
    const gone = await newAuthority('retired', made);
    authorities = { ...authorities, all: [...authorities.all, gone] };
    authorities = applyStep(authorities, { kind: 'remove', ids: [gone.id] }, { nowMs });
    const values = write01({ authorities, tokenSecret: newTokenSecret() });
    const recorded = readFileSync(new URL('../authority-secret-0.1.txt', import.meta.url), 'utf8');
    expect(`${masked(values['authorities.json'] ?? '')}\n`).toBe(recorded);
    expect(readShared(values, nowMs)).toMatchObject({ authorities, generation: 0 });
  });

  it('The generation that a 0.1 replica drops comes back with one write and without an alarm', async () => {
    const { memory, clock, keeper, counted, lines, read } = await setUpWithdrawal();
    const { generation } = read();
    memory.setSecret(write01(read()));
    await keeper.look();
    await keeper.look();
    expect(read().generation).toBe(generation + 1);
    expect(counted).toEqual(['unnumbered']);
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    expect(keeper.condition()).toBeUndefined();
    const old = createReplica01({ memory, clock });
    await old.look();
    expect(old.writes()).toBe(0);
  });

  it('A 0.1 replica and this version agree after few writes, whatever rotates in a year', async () => {
    const memory = createMemoryStore();
    const clock = createFakeClock();
    const now = createReplica({ memory, clock });
    await now.keeper.look();
    const old = createReplica01({ memory, clock });
    await old.look();
    for (let hour = 0; hour < 365 * 24; hour += 6) {
      clock.jumpWall(6 * HOUR_MS);
      const before = memory.state.writes;
      // Each is the first in turn, so that both do what age asks for.
      const turn = hour % 12 === 0 ? [old, now.keeper] : [now.keeper, old];
      for (let look = 0; look < 3; look += 1) {
        for (const one of turn) await one.look();
        await clock.advance(10 * SECOND_MS);
      }
      expect(memory.state.writes - before).toBeLessThanOrEqual(3);
      expect(old.ids()).toEqual(now.ids());
    }
    const { authorities, generation } = readShared(memory.secret() ?? {}, clock.now());
    expect(generation).toBeGreaterThan(3);
    expect(idsOf(authorities)).toEqual(now.ids());
    expect(memory.bundle()).toBe(bundleOf(authorities));
  });

  it('A 0.1 replica takes over what this version withdraws, and does not bring it back', async () => {
    const { memory, clock, keeper, command, good, read } = await setUpWithdrawal();
    const old = createReplica01({ memory, clock });
    await old.look();
    for (const word of ['prepare', 'activate', 'retire'] as const) await command(word);
    await keeper.look();
    await old.look();
    await keeper.look();
    expect(old.writes()).toBe(0);
    expect(old.ids()).not.toContain(good.id);
    expect(idsOf(read().authorities)).not.toContain(good.id);
  });

  it('This version follows a 0.1 replica that activates and retires authorities', async () => {
    const { memory, clock, keeper, command, good, read, counted } = await setUpWithdrawal();
    await command('prepare');
    await keeper.look();
    const [, prepared] = known(keeper.shared()).authorities.all;
    // As `authority activate --now` and `retire --now` in a Pod of 0.1 write it.
    const nowMs = clock.now();
    let authorities = applyStep(read().authorities, { kind: 'activate', id: prepared?.id ?? '' }, { nowMs });
    memory.setSecret(write01({ ...read(), authorities }));
    await keeper.look();
    expect(activeOf(known(keeper.shared()).authorities).id).toBe(prepared?.id);
    authorities = applyStep(read().authorities, { kind: 'remove', ids: [good.id] }, { nowMs });
    memory.setSecret(write01({ ...read(), authorities }));
    await keeper.look();
    expect(idsOf(read().authorities)).toEqual([prepared?.id]);
    expect(counted).toEqual(['unnumbered', 'unnumbered']);
  });
});

/** Ids by their order, and no key. */
function masked(text: string): string {
  const ids: string[] = [];
  return text
    .replaceAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\\n)*/g, '<certificate>')
    .replaceAll(/-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----(\\n)*/g, '<key>')
    .replaceAll(/\b[0-9a-f]{16}\b/g, (id) => {
      if (!ids.includes(id)) ids.push(id);
      return `<id ${ids.indexOf(id)}>`;
    });
}
