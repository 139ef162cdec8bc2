import type { Client, Group } from './places.ts';

export interface TurnsDeps<Occupant> {
  /** Does one piece of work for one occupant: parses and answers one request. Must not throw. */
  readonly run: (occupant: Occupant) => void;
  /** Calls once the event loop has looked at its sockets again. */
  readonly defer: (call: () => void) => void;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export interface Turns<Occupant> {
  /** Runs the occupant's work: at once if its client has had nothing in this turn, else when it is its client's turn. */
  readonly take: (occupant: Occupant, client: Client<Occupant>) => void;
  /** The same, but never at once: there may be others who have not been heard yet. */
  readonly takeLater: (occupant: Occupant, client: Client<Occupant>) => void;
}

/** Further rounds run in one turn of the event loop only as long as it has taken less than this. Milliseconds. */
const SLICE_MS = 0.5;

/**
 * Fair turns. In a round each group gets one piece of work, for its clients in turn. A turn of the event loop has a round for
 * whoever waits, and more rounds while they take next to no time, so that nobody waits for longer than everybody's one request.
 */
export function createTurns<Occupant>({ run, defer, now }: TurnsDeps<Occupant>): Turns<Occupant> {
  /** Whose work has run in this turn of the event loop. */
  const served = new Set<Client<Occupant>>();
  const queues = new Map<Client<Occupant>, Occupant[]>();
  /** The clients of a group that wait, next one first. */
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
