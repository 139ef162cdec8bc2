import { describe, it } from 'vitest';
import fc from 'fast-check';
import { createPlaces } from '@rolegate/runtime';
import type { Client, ClientName } from '@rolegate/runtime';
import type { Entry, PlaceLimits } from '../../../src/http/clients/places.ts';

const CLIENTS: readonly ClientName[] = ['a', 'b'].flatMap((group) =>
  ['1', '2', '3'].map((name) => ({ group, name })),
);
const GROUP_OF_ITS_OWN = 'a';

interface Step {
  readonly kind: 'enter' | 'leave' | 'move' | 'busy' | 'idle';
  readonly client: number;
  /** Index among the present occupants. */
  readonly pick: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    // More enter than leave, so that limits are reached.
    kind: fc.constantFrom('enter', 'enter', 'enter', 'enter', 'idle', 'idle', 'busy', 'leave', 'move'),
    client: fc.nat({ max: CLIENTS.length - 1 }),
    pick: fc.nat(),
  }),
  { maxLength: 80, size: 'max' },
);

const limits = fc.record({
  perClient: fc.integer({ min: 1, max: 6 }),
  total: fc.integer({ min: 1, max: 15 }),
  spared: fc.nat({ max: 4 }),
  ofItsOwn: fc.integer({ min: 1, max: 8 }),
});

/** Who has a place, in a plain list. Idle ones are in order. */
interface Model {
  readonly members: { readonly occupant: number; client: ClientName }[];
  idle: number[];
}

const countOf = ({ members }: Model, { group, name }: ClientName) =>
  members.filter(({ client }) => client.group === group && client.name === name).length;
const sizeOf = ({ members }: Model, group: string) =>
  members.filter(({ client }) => client.group === group).length;

/** Clients above the spared number: the largest of the largest groups. */
function donors(model: Model, { spared }: PlaceLimits, inGroup: string | undefined): readonly ClientName[] {
  const able = CLIENTS.filter(
    (client) => countOf(model, client) > spared && (inGroup === undefined || client.group === inGroup),
  );
  const largest = Math.max(...able.map(({ group }) => sizeOf(model, group)));
  return able.filter((one) => {
    const most = Math.max(
      ...able.filter(({ group }) => group === one.group).map((each) => countOf(model, each)),
    );
    return sizeOf(model, one.group) === largest && countOf(model, one) === most;
  });
}

function limitMet(
  model: Model,
  client: ClientName,
  { perClient, total, ofGroup = () => total }: PlaceLimits,
) {
  if (countOf(model, client) >= perClient) return 'client';
  if (sizeOf(model, client.group) >= ofGroup(client.group)) return 'group';
  return model.members.length >= total ? 'total' : undefined;
}

/** The possible outcomes of entering: the occupants that may be evicted, each the first of its client. */
function mayBeEvicted(model: Model, client: ClientName, bounds: PlaceLimits): readonly number[] {
  const limit = limitMet(model, client, bounds);
  if (limit === undefined) return [];
  const able =
    limit === 'client' ? [client] : donors(model, bounds, limit === 'group' ? client.group : undefined);
  return (able.length === 0 ? [client] : able).flatMap((donor) => {
    const own = model.members.filter(
      ({ client: { group, name } }) => group === donor.group && name === donor.name,
    );
    const idle = model.idle.find((occupant) => own.some((one) => one.occupant === occupant));
    if (idle !== undefined) return [idle];
    return donor === client ? [] : own.slice(0, 1).map(({ occupant }) => occupant);
  });
}

/** `expect` takes a thousand times as long. */
function check(holds: boolean | undefined, what: string): void {
  if (holds !== true) throw new Error(what);
}

function checkEntry(model: Model, client: ClientName, bounds: PlaceLimits, entry: Entry<number>): void {
  const limit = limitMet(model, client, bounds);
  check(entry.limit === limit, `${entry.limit} was met, not ${limit}`);
  const able = mayBeEvicted(model, client, bounds);
  if (entry.kind === 'entered') {
    const isRight = entry.evicted === undefined ? limit === undefined : able.includes(entry.evicted);
    check(isRight, `${entry.evicted} made room, not one of ${able.join(', ')}`);
    return;
  }
  // Nobody can be evicted, or the new occupant's client is one that must give up a place and cannot.
  const isDonor =
    limit !== 'client' &&
    donors(model, bounds, limit === 'group' ? client.group : undefined).includes(client);
  check(able.length === 0 || isDonor, `refused, although ${able.join(', ')} can make room`);
}

function play(bounds: PlaceLimits, all: readonly Step[]): void {
  const places = createPlaces<number>(bounds);
  const model: Model = { members: [], idle: [] };
  const clients = new Map<number, Client<number>>();
  let count = 0;

  function remove(occupant: number): void {
    model.members.splice(
      model.members.findIndex((one) => one.occupant === occupant),
      1,
    );
    model.idle = model.idle.filter((one) => one !== occupant);
  }

  function enter(client: ClientName): void {
    count += 1;
    const entry = places.enter(count, client);
    checkEntry(model, client, bounds, entry);
    if (entry.kind === 'refused') return;
    if (entry.evicted !== undefined) remove(entry.evicted);
    model.members.push({ occupant: count, client });
    clients.set(count, entry.client);
  }

  function move(occupant: number, to: ClientName): void {
    const from = clients.get(occupant);
    if (from === undefined) throw new Error('no client');
    clients.set(occupant, places.move(occupant, from, to));
    const member = model.members.find((one) => one.occupant === occupant);
    if (member === undefined || member.client === to) return;
    // It is the last one of its new client.
    const wasIdle = model.idle.includes(occupant);
    remove(occupant);
    model.members.push({ occupant, client: to });
    if (wasIdle) model.idle.push(occupant);
  }

  /** Picks any occupant that ever entered, even if it was evicted or left. */
  function change({ kind, client, pick }: Step): void {
    const to = CLIENTS[client];
    const occupant = 1 + (pick % Math.max(1, count));
    const of = clients.get(occupant);
    if (to === undefined) return;
    if (kind === 'enter') enter(to);
    else if (of === undefined) return;
    else if (kind === 'move') move(occupant, to);
    else if (kind === 'leave') {
      const isThere = of.occupants.has(occupant);
      check(places.leave(occupant, of) === isThere, `${occupant} gave back what it had not`);
      if (isThere) remove(occupant);
    } else {
      of.idle.delete(occupant);
      model.idle = model.idle.filter((one) => one !== occupant);
      if (kind === 'busy' || !of.occupants.has(occupant)) return;
      of.idle.add(occupant);
      model.idle.push(occupant);
    }
  }

  for (const step of all) {
    change(step);
    checkCounts(model, clients, places.size());
    // Moves do not change the total.
    check(places.size() <= bounds.total, 'more than all places are taken');
    if (all.some(({ kind }) => kind === 'move')) continue;
    for (const client of CLIENTS) {
      check(countOf(model, client) <= bounds.perClient, 'a client has more than its places');
      check(
        sizeOf(model, client.group) <= (bounds.ofGroup?.(client.group) ?? Infinity),
        'a group has more than its places',
      );
    }
  }
}

/** Everybody is counted where the model has them, and nobody else is counted. */
function checkCounts(model: Model, clients: ReadonlyMap<number, Client<number>>, size: number): void {
  check(size === model.members.length, `${size} are counted, not ${model.members.length}`);
  for (const { occupant, client } of model.members) {
    const of = clients.get(occupant);
    check(of?.name === client.name && of.group.name === client.group, `${occupant} is counted elsewhere`);
    check(of?.occupants.has(occupant), `${occupant} is not counted`);
    check(of?.occupants.size === countOf(model, client), `the client of ${occupant} is miscounted`);
    check(of?.group.size === sizeOf(model, client.group), `the group of ${occupant} is miscounted`);
    check(of?.idle.has(occupant) === model.idle.includes(occupant), `${occupant} is idle in one of them`);
  }
}

describe('Places, property', () => {
  it('Places keep their limits and counts and take from the clients with the most, in any order of events', () => {
    fc.assert(
      fc.property(limits, steps, ({ ofItsOwn, ...bounds }, all) => {
        const ofGroup = (group: string) => (group === GROUP_OF_ITS_OWN ? ofItsOwn : bounds.total);
        play({ ...bounds, ofGroup }, all);
      }),
      { numRuns: 300 },
    );
  });

  it('A client with no more than the spared number of places never loses one to another client', () => {
    fc.assert(
      fc.property(limits, steps, ({ perClient, total, spared }, all) => {
        const places = createPlaces<ClientName>({ perClient, total, spared });
        const counts = new Map(CLIENTS.map((client) => [client, 0]));
        for (const { client } of all) {
          const name = CLIENTS[client];
          if (name === undefined) continue;
          const entry = places.enter({ ...name }, name);
          if (entry.kind === 'refused') continue;
          const loser = CLIENTS.find(
            (one) => one.group === entry.evicted?.group && one.name === entry.evicted.name,
          );
          if (loser !== undefined && loser !== name)
            check((counts.get(loser) ?? 0) > spared, 'a client that is spared lost a place');
          if (loser !== undefined) counts.set(loser, (counts.get(loser) ?? 0) - 1);
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
      }),
    );
  });
});
