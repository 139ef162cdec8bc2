import { describe, expect, it } from 'vitest';
import { createPlaces } from '@rolegate/runtime';
import type { Client } from '@rolegate/runtime';
import type { PlaceLimits } from '../../../src/http/clients/places.ts';

/** Occupants are named after their client (a letter for the group and a number) and counted: "a1.3". */
function setup(limits: Partial<PlaceLimits> = {}) {
  const places = createPlaces<string>({ perClient: 100, total: 100, spared: 0, ...limits });
  const clients = new Map<string, Client<string>>();
  let count = 0;

  const nameOf = (client: string) => ({ group: client.slice(0, 1), name: client });
  /** Returns the entry. The new occupant is busy by default. */
  function enter(client: string, { idle = false } = {}) {
    count += 1;
    const occupant = `${client}.${count}`;
    const entry = places.enter(occupant, nameOf(client));
    if (entry.kind === 'entered') {
      clients.set(client, entry.client);
      if (idle) entry.client.idle.add(occupant);
    }
    return { occupant, ...entry };
  }
  function fill(client: string, places: number, options = {}): void {
    for (let place = 0; place < places; place += 1) enter(client, options);
  }
  return {
    places,
    clients,
    nameOf,
    enter,
    fill,
    taken: (client: string) => clients.get(client)?.occupants.size ?? 0,
  };
}

describe('Places', () => {
  it('Places are free to take below the limits', () => {
    const { enter, places } = setup();
    expect(enter('a1')).toMatchObject({ kind: 'entered', evicted: undefined, limit: undefined });
    expect(enter('a1').kind).toBe('entered');
    expect(places.size()).toBe(2);
  });

  it('A client is the same object while it has a place', () => {
    const { enter, places } = setup();
    const first = enter('a1');
    const second = enter('a1');
    if (first.kind !== 'entered' || second.kind !== 'entered') throw new Error('refused');
    expect(second.client).toBe(first.client);
    expect(places.leave(first.occupant, first.client)).toBe(true);
    expect(places.leave(second.occupant, first.client)).toBe(true);
    const third = enter('a1');
    expect(third.kind === 'entered' && third.client).not.toBe(first.client);
    expect(places.size()).toBe(1);
  });

  it('A place is given back only once', () => {
    const { enter, places } = setup();
    const entry = enter('a1');
    if (entry.kind !== 'entered') throw new Error('refused');
    expect(places.leave(entry.occupant, entry.client)).toBe(true);
    expect(places.leave(entry.occupant, entry.client)).toBe(false);
    expect(places.size()).toBe(0);
  });

  it('Clients of the same name in two groups are two clients', () => {
    const places = createPlaces<number>({ perClient: 1, total: 10, spared: 0 });
    expect(places.enter(1, { group: 'a', name: 'x' })).toMatchObject({ kind: 'entered' });
    expect(places.enter(2, { group: 'b', name: 'x' })).toMatchObject({ kind: 'entered' });
    expect(places.enter(3, { group: 'a', name: 'x' })).toEqual({ kind: 'refused', limit: 'client' });
  });
});

describe('Client limit', () => {
  it("At its own limit a client's longest idle occupant makes room, and never a busy one", () => {
    const { enter, fill } = setup({ perClient: 3 });
    fill('a1', 1);
    const first = enter('a1', { idle: true });
    const second = enter('a1', { idle: true });
    expect(enter('a1')).toMatchObject({ kind: 'entered', evicted: first.occupant, limit: 'client' });
    expect(enter('a1')).toMatchObject({ kind: 'entered', evicted: second.occupant, limit: 'client' });
    expect(enter('a1')).toMatchObject({ kind: 'refused', limit: 'client' });
  });

  it('No other client makes room for a client at its own limit', () => {
    const { enter, fill, taken } = setup({ perClient: 3 });
    fill('a1', 3);
    fill('a2', 3, { idle: true });
    expect(enter('a1')).toMatchObject({ kind: 'refused', limit: 'client' });
    expect(taken('a2')).toBe(3);
  });
});

describe('Shared limit', () => {
  it('At a shared limit the largest client of the largest group makes room, idle occupants first', () => {
    const { enter, fill, taken, clients } = setup({ total: 12, spared: 2 });
    fill('b1', 5, { idle: true });
    fill('a1', 3);
    fill('a2', 4);
    clients.get('a2')?.idle.add('a2.12');
    expect(enter('c1')).toMatchObject({ kind: 'entered', evicted: 'a2.12', limit: 'total' });
    expect(taken('b1')).toBe(5);
    // Group a now has 6 in equal parts. If nobody is idle, the one that has been busy longest is evicted.
    expect(enter('c1')).toMatchObject({ kind: 'entered', evicted: 'a1.6' });
    // Group b now has the most.
    expect(enter('c1')).toMatchObject({ kind: 'entered', evicted: 'b1.1' });
  });

  it('A client with no more than the spared number of places gives none up', () => {
    const { enter, fill } = setup({ total: 6, spared: 2 });
    fill('a1', 2, { idle: true });
    fill('a2', 2, { idle: true });
    fill('b1', 2, { idle: true });
    expect(enter('c1')).toMatchObject({ kind: 'refused', limit: 'total' });
  });

  it("A new occupant of the largest client takes the place of the client's idle occupant, or is refused", () => {
    const { enter, fill, clients } = setup({ total: 6, spared: 1 });
    fill('a1', 4);
    fill('b1', 2, { idle: true });
    expect(enter('a1')).toMatchObject({ kind: 'refused', limit: 'total' });
    clients.get('a1')?.idle.add('a1.2');
    expect(enter('a1')).toMatchObject({ kind: 'entered', evicted: 'a1.2', limit: 'total' });
  });

  it('A group at its own limit gives up a place itself, whatever places other groups have', () => {
    const { enter, fill } = setup({ total: 20, spared: 1, ofGroup: (group) => (group === 'a' ? 4 : 20) });
    fill('b1', 10, { idle: true });
    fill('a1', 3);
    fill('a2', 1);
    expect(enter('a2')).toMatchObject({ kind: 'entered', evicted: 'a1.11', limit: 'group' });
    expect(enter('b1')).toMatchObject({ kind: 'entered', evicted: undefined });
  });

  it('A client whose only place goes to its own new occupant keeps the place', () => {
    const { enter, fill, taken, places, clients } = setup({ total: 2, spared: 1 });
    fill('a1', 1);
    fill('b1', 1, { idle: true });
    expect(enter('b1')).toMatchObject({ kind: 'entered', evicted: 'b1.2' });
    expect(taken('b1')).toBe(1);
    expect(places.size()).toBe(2);
    // It is still counted: with one more it would be the client with the most.
    clients.get('b1')?.idle.add('b1.3');
    expect(enter('b1')).toMatchObject({ kind: 'entered', evicted: 'b1.3' });
  });

  it('A refused occupant leaves no trace', () => {
    const { enter, fill, places, clients } = setup({ total: 2, spared: 1 });
    fill('a1', 1);
    fill('b1', 1);
    expect(enter('b2').kind).toBe('refused');
    expect([...(clients.get('b1')?.group.clients.keys() ?? [])]).toEqual(['b1']);
    const a1 = clients.get('a1');
    if (a1 === undefined) throw new Error('no client');
    places.leave('a1.1', a1);
    expect(enter('b2')).toMatchObject({ kind: 'entered', evicted: undefined });
  });
});

describe('Moved place', () => {
  it('A moved place stays idle if it was, and can exceed any limit', () => {
    const { enter, fill, places, nameOf } = setup({ perClient: 2 });
    fill('b1', 2);
    const entry = enter('a1', { idle: true });
    if (entry.kind !== 'entered') throw new Error('refused');
    const to = places.move(entry.occupant, entry.client, nameOf('b1'));
    expect([...to.occupants]).toEqual(['b1.1', 'b1.2', entry.occupant]);
    expect([...to.idle]).toEqual([entry.occupant]);
    expect(entry.client.occupants.size + entry.client.idle.size).toBe(0);
    expect(to.group.size).toBe(3);
    expect(places.size()).toBe(3);
  });

  it('A place moved to the client it belongs to stays unchanged', () => {
    const { enter, places, nameOf } = setup();
    const entry = enter('a1', { idle: true });
    if (entry.kind !== 'entered') throw new Error('refused');
    expect(places.move(entry.occupant, entry.client, nameOf('a1'))).toBe(entry.client);
    expect(places.size()).toBe(1);
  });

  it('An evicted occupant gets no place by being moved', () => {
    const { enter, places, nameOf } = setup({ perClient: 1 });
    const evicted = enter('a1', { idle: true });
    if (evicted.kind !== 'entered') throw new Error('refused');
    expect(enter('a1')).toMatchObject({ evicted: evicted.occupant });
    const after = places.move(evicted.occupant, evicted.client, nameOf('b1'));
    expect(after).toBe(evicted.client);
    expect(places.size()).toBe(1);
    expect(places.leave(evicted.occupant, after)).toBe(false);
    expect(places.size()).toBe(1);
  });
});
