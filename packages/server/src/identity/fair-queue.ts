/** Groups take turns, and within a group its clients do. */
export interface QueueKey {
  readonly group: string;
  readonly client: string;
}

export interface FairQueue<Item extends QueueKey> {
  readonly put: (item: Item) => void;
  /** Takes the next item, which is in progress until `done`. */
  readonly next: () => Item | undefined;
  readonly done: (item: Item) => void;
  /** Removes the oldest item of this client in this group. */
  readonly removeOldest: (key: QueueKey) => Item | undefined;
  /** The same for the client with the most items in the group with the most. */
  readonly removeOldestOfMost: () => Item | undefined;
  readonly waitingOf: (key: QueueKey) => number;
  readonly waiting: number;
}

interface Group<Item> {
  readonly name: string;
  /** The next client is first. */
  readonly clients: Map<string, Item[]>;
  inProgress: number;
  size: number;
}

/** A queue in which each group has at most `ofGroup` items in progress. */
export function createFairQueue<Item extends QueueKey>(ofGroup: number): FairQueue<Item> {
  /** The next group is first. A group keeps its place while it has items in progress. */
  const groups = new Map<string, Group<Item>>();
  let waiting = 0;

  function groupOf(name: string): Group<Item> {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group<Item> = { name, clients: new Map(), inProgress: 0, size: 0 };
    groups.set(name, group);
    return group;
  }

  function take(group: Group<Item>, client = firstKey(group.clients)): Item | undefined {
    const item = takeFrom(group, client);
    if (item !== undefined) waiting -= 1;
    return item;
  }

  function forgetIfDone(group: Group<Item>): void {
    if (group.size === 0 && group.inProgress === 0) groups.delete(group.name);
  }

  function remove(group: Group<Item> | undefined, client: string | undefined): Item | undefined {
    if (group === undefined) return undefined;
    const item = take(group, client);
    forgetIfDone(group);
    return item;
  }

  return {
    put(item) {
      putInto(groupOf(item.group), item);
      waiting += 1;
    },
    next() {
      const group = firstWith(groups.values(), ofGroup);
      if (group === undefined) return undefined;
      groups.delete(group.name);
      groups.set(group.name, group);
      group.inProgress += 1;
      return take(group);
    },
    done({ group: name }) {
      const group = groupOf(name);
      group.inProgress -= 1;
      forgetIfDone(group);
    },
    removeOldest: ({ group, client }) => remove(groups.get(group), client),
    removeOldestOfMost() {
      const most = largest(groups.values());
      return remove(most, most && longest(most.clients));
    },
    waitingOf: ({ group, client }) => groups.get(group)?.clients.get(client)?.length ?? 0,
    get waiting() {
      return waiting;
    },
  };
}

function putInto<Item extends QueueKey>(group: Group<Item>, item: Item): void {
  const items = group.clients.get(item.client);
  if (items === undefined) group.clients.set(item.client, [item]);
  else items.push(item);
  group.size += 1;
}

/** Takes the client's oldest item; the client then waits behind the others. */
function takeFrom<Item>(group: Group<Item>, client: string | undefined): Item | undefined {
  const items = client === undefined ? undefined : group.clients.get(client);
  const item = items?.shift();
  if (client === undefined || items === undefined || item === undefined) return undefined;
  group.clients.delete(client);
  if (items.length > 0) group.clients.set(client, items);
  group.size -= 1;
  return item;
}

function firstWith<Item>(groups: Iterable<Group<Item>>, mostInProgress: number): Group<Item> | undefined {
  for (const group of groups) if (group.size > 0 && group.inProgress < mostInProgress) return group;
  return undefined;
}

function largest<Item>(groups: Iterable<Group<Item>>): Group<Item> | undefined {
  let most: Group<Item> | undefined;
  for (const group of groups) if (most === undefined || group.size > most.size) most = group;
  return most;
}

function longest(clients: ReadonlyMap<string, readonly unknown[]>): string | undefined {
  let most: string | undefined;
  for (const [client, items] of clients)
    if (most === undefined || items.length > (clients.get(most)?.length ?? 0)) most = client;
  return most;
}

function firstKey(map: ReadonlyMap<string, unknown>): string | undefined {
  return map.keys().next().value;
}
