import { createFakeClock } from '@rolegate/testing';
import type { Client } from '../../../src/http/clients/places.ts';
import { familyOf, rowKey } from '../../../src/http/unread/kernel-queues.ts';
import type { TcpFamily } from '../../../src/http/unread/kernel-queues.ts';
import { createUnread } from '../../../src/http/unread/unread.ts';
import type { Sender, UnreadLimits } from '../../../src/http/unread/senders.ts';

export interface Connection extends Sender<Connection> {
  client: Client<Connection>;
}

export const LIMITS: UnreadLimits = { perConnection: 100, perClient: 6_400, total: 12_800 };

/** Clients, a kernel with their unread data, and a clock. */
export function startUnread(limits: UnreadLimits = LIMITS) {
  const clock = createFakeClock();
  const clients = new Map<string, Client<Connection>>();
  /** By row of the kernel's table. */
  const queues = new Map<string, number>();
  const resets: Connection[] = [];
  const looks: TcpFamily[] = [];
  const failures: unknown[] = [];
  /** Rows of closed connections. */
  const closed = new Set<string>();
  let foreignOrphans = 0;
  let orphanCounts = 0;
  let countMs = 0;
  let lookMs = 0;
  let fault: Error | undefined;
  let looked = 0;
  let ports = 0;

  const unread = createUnread<Connection>({
    limits,
    async readQueues(family) {
      looks.push(family);
      const seen = new Map([...queues].filter(([, queued]) => queued > 0));
      await clock.sleep(lookMs);
      if (fault !== undefined) throw fault;
      return seen;
    },
    async countOrphans() {
      orphanCounts += 1;
      const left = [...closed].filter((key) => (queues.get(key) ?? 0) > 0);
      if (countMs > 0) await clock.sleep(countMs);
      if (fault !== undefined) throw fault;
      return foreignOrphans + left.length;
    },
    reset(connection) {
      resets.push(connection);
      queues.delete(rowKey(connection.ends));
      unread.gone(connection);
    },
    looked() {
      looked += 1;
    },
    failed: (error) => failures.push(error),
    schedule: (delayMs, call) => clock.schedule(delayMs, call),
    now: () => clock.monotonic(),
  });

  /** The letter of a name is its group: "a1". */
  function clientOf(name: string): Client<Connection> {
    let client = clients.get(name);
    if (client === undefined) {
      const group = { name: name.slice(0, 1), clients: new Map<string, Client<Connection>>(), size: 0 };
      client = { group, name, occupants: new Set(), idle: new Set() };
      clients.set(name, client);
    }
    return client;
  }

  return {
    clock,
    unread,
    resets,
    looks,
    failures,
    lookedTimes: () => looked,
    setLookMs(ms: number) {
      lookMs = ms;
    },
    setFault(error: Error | undefined) {
      fault = error;
    },
    connect(client: string, address = '198.18.0.1'): Connection {
      ports += 1;
      const ends = { localPort: 8_181, address, port: ports };
      return { client: clientOf(client), ends, unread: 0, sinceLook: 0, lastBytes: 0 };
    },
    /** Sends an answer, which is then in the kernel. */
    send(connection: Connection, bytes: number) {
      queues.set(rowKey(connection.ends), (queues.get(rowKey(connection.ends)) ?? 0) + bytes);
      unread.wrote(connection, bytes);
    },
    /** The client reads everything except this many bytes. */
    read(connection: Connection, allBut = 0) {
      const queued = queues.get(rowKey(connection.ends)) ?? 0;
      queues.set(rowKey(connection.ends), Math.min(queued, allBut));
    },
    queued: (connection: Connection) => queues.get(rowKey(connection.ends)) ?? 0,
    allQueued: (isCounted: (key: string) => boolean = () => true) =>
      [...queues].reduce((sum, [key, queued]) => (isCounted(key) ? sum + queued : sum), 0),
    close(connection: Connection) {
      closed.add(rowKey(connection.ends));
      unread.gone(connection);
    },
    /** Sets how many closed connections of other programs have left data. */
    setForeignOrphans(count: number) {
      foreignOrphans = count;
    },
    orphanCounts: () => orphanCounts,
    setCountMs(ms: number) {
      countMs = ms;
    },
    move(connection: Connection, to: string) {
      const from = connection.client;
      connection.client = clientOf(to);
      unread.moved(connection, from);
    },
    /** The client returns after all its connections have ended. */
    forget: (client: string) => clients.delete(client),
    familyOf: (connection: Connection) => familyOf(connection.ends),
  };
}
