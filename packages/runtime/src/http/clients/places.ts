/** Whom places are counted for: a client, in a group of clients. */
export interface ClientName {
  readonly group: string;
  readonly name: string;
}

/** One client with at least one place. The same object as long as it has any. */
export interface Client<Occupant> {
  readonly group: Group<Occupant>;
  readonly name: string;
  readonly occupants: Set<Occupant>;
  /** Those that can make room at no loss; the one that has been idle for the longest is the first. */
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
  /** A client with this many places or fewer never gives one up to another client. */
  readonly spared: number;
  /** How many places a group may take; `total` if it has no bound of its own. */
  readonly ofGroup?: (group: string) => number;
}

/** Which bound was met. */
export type PlaceLimit = 'client' | 'group' | 'total';

export type Entry<Occupant> =
  | {
      readonly kind: 'entered';
      readonly client: Client<Occupant>;
      /** Has lost its place to the newcomer, and is to be ended by the caller. */
      readonly evicted: Occupant | undefined;
      /** Why. */
      readonly limit: PlaceLimit | undefined;
    }
  | { readonly kind: 'refused'; readonly limit: PlaceLimit };

export interface Places<Occupant> {
  /** Takes a place, if there is one or somebody has to make room. Each entry is given back by `leave`. */
  readonly enter: (occupant: Occupant, name: ClientName) => Entry<Occupant>;
  /** Gives the place back; returns false if the occupant has none, because it was evicted. */
  readonly leave: (occupant: Occupant, client: Client<Occupant>) => boolean;
  /** The place counts for the client that is returned from now on, whatever its limit is; for the same if it was evicted. */
  readonly move: (occupant: Occupant, from: Client<Occupant>, to: ClientName) => Client<Occupant>;
  readonly size: () => number;
}

/**
 * A bounded number of places. At its own limit a client makes room with what has been idle for the longest. At a limit that it
 * shares with others, the group that has the most makes room, and in it the client that has the most.
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

  /** Takes a place for the newcomer from whoever has to make room; undefined: nobody has to. */
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
      // The newcomer's client may just have given up its only place.
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

/** Of the clients above what is spared: one of the largest group, and in it the largest. */
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
