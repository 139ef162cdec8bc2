import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { activeOf, applyStep, bundleOf, newAuthority } from '../../../src/identity/authority/authorities.ts';
import { changeAuthorities } from '../../../src/identity/authority/change.ts';
import { newTokenSecret, readShared, writeShared } from '../../../src/identity/authority/secret.ts';
import { createMemoryStore, createReplica, DAY_MS, HOUR_MS, YEAR_MS } from './setup.ts';
import { idsOf, known, setUpWithdrawal, WHERE } from './withdrawal.ts';
import { write01 } from './server-0.1.ts';

describe('Generation of the authority Secret', () => {
  it('The generation is counted up with each change, by servers and by command', async () => {
    const memory = createMemoryStore();
    const clock = createFakeClock();
    const { keeper } = createReplica({ memory, clock });
    const generations: number[] = [];
    const note = () => generations.push(readShared(memory.secret() ?? {}, clock.now()).generation);
    await keeper.look();
    note();
    const deps = { store: memory.store, where: WHERE, clock, ageMs: YEAR_MS, atOnce: true };
    for (const word of ['prepare', 'activate', 'retire'] as const) {
      await changeAuthorities(word, deps);
      note();
      await keeper.look();
      note();
    }
    clock.jumpWall(0.7 * YEAR_MS);
    await keeper.look();
    note();
    expect(generations).toEqual([1, 2, 2, 3, 3, 4, 4, 5]);
  });

  it('A Secret that a 0.1 server made is given a generation at once, once for all replicas', async () => {
    const { memory, clock, read } = await setUpWithdrawal();
    memory.setSecret(write01(read()));
    const before = memory.state.writes;
    const replicas = [createReplica({ memory, clock }), createReplica({ memory, clock })];
    await Promise.all(replicas.map(({ keeper }) => keeper.look()));
    expect(read().generation).toBe(1);
    expect(memory.state.writes).toBe(before + 1);
    expect(replicas.flatMap(({ counted }) => counted)).toEqual([]);
  });
});

describe('Older Secret', () => {
  it.each([0, 1, 2])(
    'A replica that reads an older Secret keeps out what was removed since, for backup %i before it',
    async (index) => {
      const { memory, keeper, backups, stolen, good, read } = await setUpWithdrawal();
      const { generation } = read();
      memory.setSecret(backups[index]);
      await keeper.look();
      for (const { authorities } of [known(keeper.shared()), read()]) {
        expect(activeOf(authorities).id).toBe(good.id);
        expect(idsOf(authorities)).not.toContain(stolen.id);
        expect(authorities.removed.map(({ id }) => id)).toContain(stolen.id);
      }
      expect(read().generation).toBe(generation + 1);
      expect(memory.bundle()).toBe(bundleOf(known(keeper.shared()).authorities));
    },
  );

  it('A replica keeps out what was removed if the older Secret is of a 0.1 server and has no generation', async () => {
    const { memory, clock, keeper, backups, stolen, counted } = await setUpWithdrawal();
    memory.setSecret(write01(readShared(backups[0] ?? {}, clock.now())));
    await keeper.look();
    expect(idsOf(known(keeper.shared()).authorities)).not.toContain(stolen.id);
    expect(counted).toEqual(['older']);
  });

  it('A replica never trusts what was removed, even while the Secret cannot be written', async () => {
    const { memory, keeper, backups, stolen, good } = await setUpWithdrawal();
    memory.setSecret(backups[0]);
    memory.state.before = () => Promise.reject(new Error('forbidden'));
    await keeper.look();
    expect(keeper.condition()).toBe('forbidden');
    const { authorities } = known(keeper.shared());
    expect(activeOf(authorities).id).toBe(good.id);
    expect(idsOf(authorities)).not.toContain(stolen.id);
  });

  it('An older Secret is logged, counted, and named by readiness for an hour', async () => {
    const { memory, clock, keeper, backups, lines, counted, stolen } = await setUpWithdrawal();
    memory.setSecret(backups[0]);
    await keeper.look();
    expect(counted).toEqual(['older']);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'authority Secret was older than known state; merged',
        fields: {
          ...WHERE,
          generation: 1,
          known: 4,
          refused: [stolen.id],
          hint: expect.stringContaining('Find out who restored the Secret') as unknown,
        },
      },
    ]);
    expect(keeper.condition()).toContain(
      'the Secret was older (generation 1) than what this server knows (generation 4)',
    );
    await clock.advance(HOUR_MS);
    await keeper.look();
    expect(keeper.condition()).toBeUndefined();
    expect(counted).toHaveLength(1);
  });

  it('A replica that reads an older Secret keeps the token secret that is in use', async () => {
    const { memory, keeper, read } = await setUpWithdrawal();
    const { tokenSecret } = known(keeper.shared());
    memory.setSecret(writeShared({ ...read(), generation: 1, tokenSecret: newTokenSecret() }));
    await keeper.look();
    expect(known(keeper.shared()).tokenSecret).toEqual(tokenSecret);
    expect(read().tokenSecret).toEqual(tokenSecret);
  });

  it('A replica passes its knowledge on to replicas that have read an older Secret', async () => {
    const { memory, clock, keeper, backups, stolen, good } = await setUpWithdrawal();
    memory.setSecret(backups[0]);
    const late = createReplica({ memory, clock });
    await late.keeper.look();
    expect(late.ids()).toEqual([stolen.id]);
    await keeper.look();
    await late.keeper.look();
    expect(late.ids()).toEqual([good.id]);
    expect(late.counted).toEqual([]);
  });

  it.each(['prepared', 'active'] as const)(
    'A replica takes no %s authority from an older Secret that it has never known',
    async (state) => {
      const { memory, clock, keeper, good, read, lines } = await setUpWithdrawal();
      const foreign = await newAuthority(state, { nowMs: clock.now(), ageMs: YEAR_MS });
      const all = state === 'active' ? [foreign] : [...read().authorities.all, foreign];
      memory.setSecret(writeShared({ ...read(), generation: 1, authorities: { all, removed: [] } }));
      const late = createReplica({ memory, clock });
      await late.keeper.look();
      await keeper.look();
      await late.keeper.look();
      for (const { ids } of [late, { ids: () => idsOf(known(keeper.shared()).authorities) }])
        expect(ids()).toEqual([good.id]);
      expect(lines.find(({ level }) => level === 'error')?.fields['refused']).toEqual([foreign.id]);
    },
  );

  it('A replica accepts what is removed in an older Secret, even the authority that signs', async () => {
    const { memory, clock, keeper, good, read } = await setUpWithdrawal();
    const { authorities } = read();
    const other = await newAuthority('active', { nowMs: clock.now(), ageMs: YEAR_MS });
    const forked = { all: [other], removed: [...authorities.removed, { id: good.id, endsMs: good.endsMs }] };
    memory.setSecret(writeShared({ ...read(), generation: 2, authorities: forked }));
    await keeper.look();
    const { all } = known(keeper.shared()).authorities;
    expect(all.map(({ state }) => state)).toEqual(['active']);
    expect([good.id, other.id]).not.toContain(all[0]?.id);
    expect(read().authorities.all.map(({ id }) => id)).toEqual([all[0]?.id]);
    await keeper.look();
    expect(idsOf(known(keeper.shared()).authorities)).toEqual([all[0]?.id]);
  });

  it('A replica does not take an equal generation with other contents for what it knows', async () => {
    const { memory, keeper, backups, clock, good, read } = await setUpWithdrawal();
    const { generation } = read();
    memory.setSecret(writeShared({ ...readShared(backups[0] ?? {}, clock.now()), generation }));
    await keeper.look();
    expect(idsOf(read().authorities)).toEqual([good.id]);
    expect(read().generation).toBe(generation + 1);
  });

  it('A replica writes once per look while somebody else keeps restoring the older Secret', async () => {
    const { memory, keeper, backups, good, counted } = await setUpWithdrawal();
    const { store } = memory;
    const write = store.writeSecret;
    const before = memory.state.writes;
    Object.assign(store, {
      writeSecret: async (...args: Parameters<typeof write>) => {
        const written = await write(...args);
        memory.setSecret(backups[0]);
        return written;
      },
    });
    memory.setSecret(backups[0]);
    for (let look = 1; look <= 3; look += 1) {
      await keeper.look();
      expect(memory.state.writes).toBe(before + look);
      expect(counted).toHaveLength(look);
      expect(activeOf(known(keeper.shared()).authorities).id).toBe(good.id);
    }
  });
});

describe('Newer Secret', () => {
  it('A replica follows a newer Secret, but keeps out what it has seen removed', async () => {
    const { memory, clock, keeper, stolen, good, read, backups } = await setUpWithdrawal();
    const older = readShared(backups[0] ?? {}, clock.now());
    const next = await newAuthority('prepared', { nowMs: clock.now(), ageMs: YEAR_MS });
    // Others have counted on from the backup while this one did not reach the API server.
    const authorities = applyStep(older.authorities, { kind: 'prepare' }, { nowMs: clock.now(), made: next });
    memory.setSecret(writeShared({ ...older, authorities, generation: 50 }));
    await keeper.look();
    expect(activeOf(known(keeper.shared()).authorities).id).toBe(good.id);
    expect(idsOf(read().authorities)).not.toContain(stolen.id);
    expect(read().generation).toBe(51);
  });

  it('A replica that reads a newer Secret trusts for a day, as retired, the authorities that it knew and that were not removed', async () => {
    const { memory, clock, keeper, good, read } = await setUpWithdrawal();
    const other = await newAuthority('active', { nowMs: clock.now(), ageMs: YEAR_MS });
    const token = newTokenSecret();
    memory.setSecret(
      writeShared({ generation: 50, tokenSecret: token, authorities: { all: [other], removed: [] } }),
    );
    await keeper.look();
    const { authorities, tokenSecret } = known(keeper.shared());
    expect(activeOf(authorities).id).toBe(other.id);
    expect(authorities.all.find(({ id }) => id === good.id)?.state).toBe('retired');
    expect(tokenSecret).toEqual(token);
    expect(idsOf(read().authorities)).toContain(good.id);
    await clock.advance(DAY_MS);
    await keeper.look();
    expect(idsOf(read().authorities)).toEqual([other.id]);
  });
});
