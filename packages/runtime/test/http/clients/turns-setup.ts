import { createTurns } from '../../../src/http/clients/turns.ts';
import type { Client } from '../../../src/http/clients/places.ts';

/** A piece of work that has run. */
export interface Ran {
  readonly client: string;
  readonly work: string;
  /** While arrivals were read, or after the event loop polled its sockets. */
  readonly phase: 'at once' | 'turn';
}

/** Clients by group: { a: ['a1', 'a2'] }. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** Turns on a simulated loop in which each piece of work takes `costMs`. */
export function startTurns(names: Names, { costMs = () => 1 }: { readonly costMs?: () => number } = {}) {
  const ran: Ran[] = [];
  const deferred: (() => void)[] = [];
  const clients = clientsOf(names);
  let nowMs = 0;
  let phase: Ran['phase'] = 'at once';
  /** Side effects of pieces of work, by name. */
  const effects = new Map<string, () => void>();

  const turns = createTurns<string>({
    run(work) {
      nowMs += costMs();
      ran.push({ client: work.split('.')[0] ?? '', work, phase });
      effects.get(work)?.();
    },
    defer: (call) => deferred.push(call),
    now: () => nowMs,
  });

  /** Work is named after its client: "a1.3". */
  function clientOf(work: string): Client<string> {
    const client = clients.get(work.split('.')[0] ?? '');
    if (client === undefined) throw new Error(`no client for ${work}`);
    return client;
  }

  return {
    ran,
    effects,
    take(work: string) {
      turns.take(work, clientOf(work));
    },
    takeLater(work: string) {
      turns.takeLater(work, clientOf(work));
    },
    /** Polls the sockets. Returns false if nobody waits for that. */
    turn(): boolean {
      const calls = deferred.splice(0);
      phase = 'turn';
      for (const call of calls) call();
      phase = 'at once';
      return calls.length > 0;
    },
    /** What has run since the last call, in order. */
    order: () => ran.splice(0).map(({ work }) => work),
  };
}

function clientsOf(names: Names): ReadonlyMap<string, Client<string>> {
  const clients = new Map<string, Client<string>>();
  for (const [name, members] of Object.entries(names)) {
    const group = { name, clients: new Map<string, Client<string>>(), size: members.length };
    for (const member of members) {
      const client = { group, name: member, occupants: new Set<string>(), idle: new Set<string>() };
      group.clients.set(member, client);
      clients.set(member, client);
    }
  }
  return clients;
}
