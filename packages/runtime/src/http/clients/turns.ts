import type { Client, Group } from './places.ts';

export interface TurnsDeps<Occupant> {
  /** Does one piece of work for an occupant: parses and answers one request. Must not throw. */
  readonly run: (occupant: Occupant) => void;
  /** Calls after the event loop has polled its sockets again. */
  readonly defer: (call: () => void) => void;
  /** Monotonic clock. Milliseconds. */
  readonly now: () => number;
}

export interface Turns<Occupant> {
  /**
   * Runs the occupant's work: immediately if its client has not run in this turn, else when it is the client's turn.
   */
  readonly take: (occupant: Occupant, client: Client<Occupant>) => void;
  /** Like take but never immediately, because requests of others may not have been read yet. */
  readonly takeLater: (occupant: Occupant, client: Client<Occupant>) => void;
}

/** Starts no further round once a turn of the event loop has taken this long. Milliseconds. */
const SLICE_MS = 0.5;

/**
 * Schedules work fairly. In a round each group runs one piece of work, taking turns among its clients. Each turn of the
 * event loop runs one round, and more rounds while they take almost no time. So nobody waits longer than one request of
 * everybody takes.
 */
export function createTurns<Occupant>({ run, defer, now }: TurnsDeps<Occupant>): Turns<Occupant> {
  /** Clients that have run in this turn of the event loop. */
  const served = new Set<Client<Occupant>>();
  const queues = new Map<Client<Occupant>, Occupant[]>();
  /** The waiting clients of a group, next first. */
  const waiting = new Map<Group<Occupant>, Client<Occupant>[]>();
  let due = false;

  function arm(): void {
    if (due) return;
    due = true;
    defer(turn);
  }

  function turn(): void {
    due = false;
    served.clear();
    if (waiting.size === 0) return;
    const endMs = now() + SLICE_MS;
    do {
      for (const group of [...waiting.keys()]) runNext(group);
    } while (waiting.size > 0 && now() < endMs);
    arm();
  }

  function runNext(group: Group<Occupant>): void {
    const clients = waiting.get(group);
    const client = clients?.shift();
    if (clients === undefined || client === undefined) return;
    const queue = queues.get(client);
    const occupant = queue?.shift();
    if (queue !== undefined && queue.length > 0) clients.push(client);
    else queues.delete(client);
    if (clients.length === 0) waiting.delete(group);
    served.add(client);
    if (occupant !== undefined) run(occupant);
  }

  function takeLater(occupant: Occupant, client: Client<Occupant>): void {
    const queue = queues.get(client);
    if (queue !== undefined) queue.push(occupant);
    else {
      queues.set(client, [occupant]);
      const clients = waiting.get(client.group);
      if (clients === undefined) waiting.set(client.group, [client]);
      else clients.push(client);
    }
    arm();
  }

  return {
    take(occupant, client) {
      if (served.has(client)) takeLater(occupant, client);
      else {
        served.add(client);
        arm();
        run(occupant);
      }
    },
    takeLater,
  };
}
