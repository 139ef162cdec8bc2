import { expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createClientTurns } from '../../../src/container-credentials/service-account-token/client-turns.ts';

function setup({ waitingOfClient = 4, waiting = 8 } = {}) {
  const clock = createFakeClock();
  const done: string[] = [];
  const dropped: string[] = [];
  const limited: string[] = [];
  const take = createClientTurns({
    limits: {
      ofClient: { ratePerSecond: 1, burst: 1 },
      ofAll: { ratePerSecond: 10, burst: 2 },
      waitingOfClient,
      waiting,
    },
    clock,
    memory: createMemory({ clock }),
  });
  /** Of the group `g`, unless the client is named with one. */
  const ask = (client: string, job: string) => {
    const [group = '', name = ''] = client.includes('/') ? client.split('/') : ['g', client];
    take(
      { group, name },
      {
        run: () => void done.push(job),
        dropped: () => void dropped.push(job),
        limited: () => void limited.push(job),
      },
    );
  };
  return { clock, done, dropped, limited, ask };
}

it('A job runs at once if its client and all together may', () => {
  const { ask, done, limited } = setup();
  ask('a', 'a1');
  ask('b', 'b1');
  ask('c', 'c1');
  expect([done, limited]).toEqual([['a1', 'b1'], []]);
});

it('Clients that wait for the rate of all take turns', async () => {
  const { ask, done, clock } = setup();
  for (const job of ['a1', 'a2', 'a3']) ask('a', job);
  for (const client of ['b', 'c', 'd']) ask(client, `${client}1`);
  expect(done).toEqual(['a1', 'b1']);
  await clock.advance(5_000);
  expect(done).toEqual(['a1', 'b1', 'c1', 'd1', 'a2', 'a3']);
});

it('Groups take turns, however many clients they have', async () => {
  const { ask, done, clock } = setup();
  for (const name of ['b', 'c', 'd', 'e', 'f']) ask(`g/${name}`, name);
  ask('h/z', 'z');
  await clock.advance(100);
  expect(done).toEqual(['b', 'c', 'd']);
  await clock.advance(100);
  expect(done).toEqual(['b', 'c', 'd', 'z']);
});

it("A client's oldest job is dropped if too many of its jobs wait", async () => {
  const { ask, done, dropped, limited, clock } = setup({ waitingOfClient: 2 });
  for (const job of ['a1', 'a2', 'a3', 'a4']) ask('a', job);
  expect([dropped, limited]).toEqual([['a2'], ['a2', 'a3', 'a4']]);
  await clock.advance(10_000);
  expect(done).toEqual(['a1', 'a3', 'a4']);
});

it('The oldest job of the client with the most is dropped if too many jobs wait', () => {
  const { ask, dropped } = setup({ waiting: 3 });
  ask('a', 'a0');
  ask('b', 'b0');
  for (const job of ['a1', 'a2']) ask('a', job);
  for (const client of ['b', 'c']) ask(client, `${client}1`);
  expect(dropped).toEqual(['a1']);
});

it('Nothing is scheduled while no job waits', async () => {
  const { ask, clock } = setup();
  ask('a', 'a1');
  ask('a', 'a2');
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
});
