import { createFakeClock } from '@rolegate/testing';
import { activeOf } from '../../../src/identity/authority/authorities.ts';
import type { Authorities } from '../../../src/identity/authority/authorities.ts';
import { changeAuthorities } from '../../../src/identity/authority/change.ts';
import { readShared } from '../../../src/identity/authority/secret.ts';
import type { Shared } from '../../../src/identity/authority/secret.ts';
import type { Command } from '../../../src/identity/authority/rotation.ts';
import { createMemoryStore, createReplica, YEAR_MS } from './setup.ts';

/** Where replicas of tests have their Secret. */
export const WHERE = { namespace: 'kube-system', name: 'own' };

/** A replica that has seen the first authority withdrawn, and backups of the Secret from before. */
export async function setUpWithdrawal() {
  const memory = createMemoryStore();
  const clock = createFakeClock();
  const first = createReplica({ memory, clock });
  const { keeper } = first;
  await keeper.look();
  const stolen = activeOf(known(keeper.shared()).authorities);

  async function command(word: Command): Promise<void> {
    const deps = { store: memory.store, where: WHERE, clock, ageMs: YEAR_MS, atOnce: true };
    const { done, message } = await changeAuthorities(word, deps);
    if (!done) throw new Error(message);
  }
  const read = () => readShared(memory.secret() ?? {}, clock.now());
  const backups = [memory.secret()];
  for (const word of ['prepare', 'activate'] as const) {
    await command(word);
    await keeper.look();
    backups.push(memory.secret());
  }
  await command('retire');
  await keeper.look();
  const good = activeOf(known(keeper.shared()).authorities);
  return { ...first, memory, clock, command, read, backups, stolen, good };
}

export function known(shared: Shared | undefined): Shared {
  if (shared === undefined) throw new Error('nothing is known');
  return shared;
}

export const idsOf = ({ all }: Authorities) => all.map(({ id }) => id);
