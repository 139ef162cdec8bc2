import { createTokenBucket } from '@rolegate/runtime';
import type { ClientName, Clock, TokenBucket, TokenBucketOptions } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';

type Rate = Pick<TokenBucketOptions, 'ratePerSecond' | 'burst'>;

export interface TurnLimits {
  readonly ofClient: Rate;
  readonly ofAll: Rate;
  /** Jobs that wait. Beyond it the client's oldest is dropped: nobody waits for it any longer. */
  readonly waitingOfClient: number;
  /** The same for all; beyond it the oldest of the client with the most, of the group with the most, is dropped. */
  readonly waiting: number;
}

/** Either run or dropped is called, once. */
export interface Job {
  readonly run: () => void;
  readonly dropped: () => void;
  /** Called before it waits because of its client's rate. */
  readonly limited: () => void;
}

export interface ClientTurnsDeps {
  readonly limits: TurnLimits;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly memory: AgentMemory;
}

/** Runs the job at once if it is the client's turn, otherwise later. */
export type TakeTurn = (client: ClientName, job: Job) => void;

/** More than a node has Pods. */
const MOST_CLIENTS = 1_024;

/** Limits what clients can cause, each by itself and all together. Groups take turns, and in them the clients whose rate allows it. */
export function createClientTurns({ limits, clock, memory }: ClientTurnsDeps): TakeTurn {
  const { ofClient, ofAll } = limits;
  const all = createTokenBucket({ ...ofAll, clock });
  // A bucket is forgotten when it is full again.
  const buckets = memory.remember<TokenBucket>('service_account_token_clients', {
    keepMs: (ofClient.burst / ofClient.ratePerSecond) * 1000,
    most: MOST_CLIENTS,
  });
  const waiting = createWaiting();
  let cancel: (() => void) | undefined;

  function bucketOf({ name }: ClientName): TokenBucket {
    return buckets.get(name) ?? createTokenBucket({ ...ofClient, clock });
  }

  function runAll(): void {
    cancel?.();
    cancel = undefined;
    while (all.left() > 0) {
      const client = waiting.clients().find((one) => bucketOf(one).left() > 0);
      if (client === undefined) break;
      const bucket = bucketOf(client);
      for (const taken of [all, bucket]) taken.take();
      buckets.set(client.name, bucket);
      waiting.next(client)?.run();
    }
    if (waiting.size() > 0) cancel = clock.schedule(nextInMs(), runAll);
  }

  function nextInMs(): number {
    if (all.left() === 0) return all.nextInMs();
    return Math.min(...waiting.clients().map((client) => bucketOf(client).nextInMs()));
  }

  return (client, job) => {
    if (bucketOf(client).left() === 0) job.limited();
    waiting.put(client, job);
    if (waiting.of(client) > limits.waitingOfClient) waiting.next(client)?.dropped();
    if (waiting.size() > limits.waiting) waiting.next(waiting.clientWithMost())?.dropped();
    runAll();
  };
}

/** The waiting jobs by group and client. */
function createWaiting() {
  /** The group whose turn is next is first, and in it the client. None is empty. */
  const groups = new Map<string, Map<string, Job[]>>();
  let size = 0;

  /** In the order of their turns. */
  function clients(): ClientName[] {
    return [...groups].flatMap(([group, jobs]) => [...jobs.keys()].map((name) => ({ group, name })));
  }

  return {
    clients,
    size: () => size,
    of: ({ group, name }: ClientName) => groups.get(group)?.get(name)?.length ?? 0,
    put({ group, name }: ClientName, job: Job): void {
      const clientsOfGroup = groups.get(group) ?? new Map<string, Job[]>();
      groups.set(group, clientsOfGroup);
      const jobs = clientsOfGroup.get(name);
      if (jobs === undefined) clientsOfGroup.set(name, [job]);
      else jobs.push(job);
      size += 1;
    },
    /** Takes the client's oldest job; client and group then come after all others. */
    next({ group, name }: ClientName): Job | undefined {
      const clientsOfGroup = groups.get(group);
      const jobs = clientsOfGroup?.get(name);
      const job = jobs?.shift();
      if (clientsOfGroup === undefined || jobs === undefined || job === undefined) return undefined;
      size -= 1;
      clientsOfGroup.delete(name);
      if (jobs.length > 0) clientsOfGroup.set(name, jobs);
      groups.delete(group);
      if (clientsOfGroup.size > 0) groups.set(group, clientsOfGroup);
      return job;
    },
    clientWithMost(): ClientName {
      const [group, jobs] = largest(groups, (of) => sum(of.values()));
      const [name] = largest(jobs, ({ length }) => length);
      return { group, name };
    },
  };
}

function sum(lists: Iterable<readonly Job[]>): number {
  let count = 0;
  for (const { length } of lists) count += length;
  return count;
}

/** Throws if there is none. */
function largest<Value>(from: ReadonlyMap<string, Value>, size: (value: Value) => number): [string, Value] {
  return [...from].reduce((most, entry) => (size(entry[1]) > size(most[1]) ? entry : most));
}
