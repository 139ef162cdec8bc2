/** Identifies whom places are counted for: a client within a group of clients. */
export interface ClientName {
  readonly group: string;
  readonly name: string;
}

/** A client with at least one place. It stays the same object while it has any. */
export interface Client<Occupant> {
  readonly group: Group<Occupant>;
  readonly name: string;
  readonly occupants: Set<Occupant>;
  /** Occupants that can be evicted without loss, longest idle first. */
  readonly idle: Set<Occupant>;
}

export interface Group<Occupant> {
  readonly name: string;
  readonly clients: Map<string, Client<Occupant>>;
  size: number;
}

type Groups<Occupant> = Map<string, Group<Occupant>>;

export interface PlaceLimits {
  readonly perClient: number;
  readonly total: number;
  /** A client with at most this many places never gives one up to another client. */
  readonly spared: number;
  /** How many places a group may take. Defaults to `total`. */
  readonly ofGroup?: (group: string) => number;
}

/** The limit that was reached. */
export type PlaceLimit = 'client' | 'group' | 'total';

export type Entry<Occupant> =
  | {
      readonly kind: 'entered';
      readonly client: Client<Occupant>;
      /** The occupant that lost its place to the new one. The caller must end it. */
      readonly evicted: Occupant | undefined;
      /** Why there is no place. */
      readonly limit: PlaceLimit | undefined;
    }
  | { readonly kind: 'refused'; readonly limit: PlaceLimit };

export interface Places<Occupant> {
  /** Takes a place if one is free or can be made free. Give each entry back by `leave`. */
  readonly enter: (occupant: Occupant, name: ClientName) => Entry<Occupant>;
  /** Gives the place back. Returns false if the occupant was evicted and has none. */
  readonly leave: (occupant: Occupant, client: Client<Occupant>) => boolean;
  /**
   * Counts the place for the returned client from now on, whatever its limit. Returns the same client if the occupant
   * was evicted.
   */
  readonly move: (occupant: Occupant, from: Client<Occupant>, to: ClientName) => Client<Occupant>;
  /**
   * Takes the place that has been idle longest from a client that exceeds its limit since a move. Returns its occupant, if
   * any. The caller must end it.
   */
  readonly shrink: (client: Client<Occupant>) => Occupant | undefined;
  readonly size: () => number;
}

/**
 * A bounded number of places. At its own limit, a client gives up the place that has been idle longest. At a shared
 * limit, the largest group gives up a place, and within it the largest client.
 */
export function createPlaces<Occupant>(limits: PlaceLimits): Places<Occupant> {
  const { perClient, total, spared, ofGroup = () => total } = limits;
  const groups: Groups<Occupant> = new Map();
  let size = 0;

  function add(occupant: Occupant, client: Client<Occupant>): void {
    client.occupants.add(occupant);
    client.group.size += 1;
    size += 1;
  }

  function leave(occupant: Occupant, client: Client<Occupant>): boolean {
    if (!client.occupants.delete(occupant)) return false;
    client.idle.delete(occupant);
    client.group.size -= 1;
    size -= 1;
    forgetIfEmpty(groups, client);
    return true;
  }

  function limitMet({ occupants, group }: Client<Occupant>): PlaceLimit | undefined {
    if (occupants.size >= perClient) return 'client';
    if (group.size >= ofGroup(group.name)) return 'group';
    return size >= total ? 'total' : undefined;
  }

  /** Frees a place for the new occupant. Returns undefined if nobody has to give one up. */
  function evictFor(client: Client<Occupant>, limit: PlaceLimit): Occupant | undefined {
    const donor =
      limit === 'client'
        ? client
        : (donorAmong(limit === 'group' ? [client.group] : groups.values(), spared) ?? client);
    const evicted = firstOf(donor.idle) ?? (donor === client ? undefined : firstOf(donor.occupants));
    if (evicted !== undefined) leave(evicted, donor);
    return evicted;
  }

  return {
    enter(occupant, name) {
      const client = clientIn(groups, name);
      const limit = limitMet(client);
      const evicted = limit === undefined ? undefined : evictFor(client, limit);
      if (limit !== undefined && evicted === undefined) {
        forgetIfEmpty(groups, client);
        return { kind: 'refused', limit };
      }
      // The client may just have given up its only place.
      const entered = clientIn(groups, name);
      add(occupant, entered);
      return { kind: 'entered', client: entered, evicted, limit };
    },
    leave,
    move(occupant, from, to) {
      if (!from.occupants.has(occupant)) return from;
      const client = clientIn(groups, to);
      if (client === from) return client;
      const wasIdle = from.idle.has(occupant);
      add(occupant, client);
      leave(occupant, from);
      if (wasIdle) client.idle.add(occupant);
      return client;
    },
    shrink(client) {
      const longest = client.occupants.size > perClient ? firstOf(client.idle) : undefined;
      if (longest !== undefined) leave(longest, client);
      return longest;
    },
    size: () => size,
  };
}

function clientIn<Occupant>(
  groups: Groups<Occupant>,
  { group: groupName, name }: ClientName,
): Client<Occupant> {
  let group = groups.get(groupName);
  if (group === undefined) groups.set(groupName, (group = { name: groupName, clients: new Map(), size: 0 }));
  let client = group.clients.get(name);
  if (client === undefined) {
    client = { group, name, occupants: new Set(), idle: new Set() };
    group.clients.set(name, client);
  }
  return client;
}

function forgetIfEmpty<Occupant>(
  groups: Groups<Occupant>,
  { group, name, occupants }: Client<Occupant>,
): void {
  if (occupants.size > 0) return;
  group.clients.delete(name);
  if (group.clients.size === 0) groups.delete(group.name);
}

/** Picks a client above the spared number: in the largest group, the largest client. */
function donorAmong<Occupant>(
  groups: Iterable<Group<Occupant>>,
  spared: number,
): Client<Occupant> | undefined {
  let donor: Client<Occupant> | undefined;
  for (const group of groups) {
    if (donor !== undefined && group.size < donor.group.size) continue;
    for (const client of group.clients.values()) {
      const most = donor?.group === group || donor?.group.size === group.size ? donor.occupants.size : spared;
      if (client.occupants.size > most) donor = client;
    }
  }
  return donor;
}

function firstOf<Occupant>(occupants: ReadonlySet<Occupant>): Occupant | undefined {
  for (const occupant of occupants) return occupant;
  return undefined;
}
