import { createTokenBucket } from '@rolegate/runtime';
import type { Clock, TokenBucket, TokenBucketOptions } from '@rolegate/runtime';
import type { AgentMemory } from '../../memory/memory.ts';

type Rate = Pick<TokenBucketOptions, 'ratePerSecond' | 'burst'>;

export interface TurnLimits {
  readonly ofClient: Rate;
  readonly ofAll: Rate;
  /** Jobs that wait. Beyond it the client's oldest is dropped: nobody waits for it any longer. */
  readonly waitingOfClient: number;
  /** The same for all; beyond it the oldest of the client with the most is dropped. */
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
export type TakeTurn = (client: string, job: Job) => void;

/** More than a node has Pods. */
const MOST_CLIENTS = 1_024;

/** Limits what clients can cause, each by itself and all together. Clients whose rate allows it take turns. */
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

  function bucketOf(client: string): TokenBucket {
    return buckets.get(client) ?? createTokenBucket({ ...ofClient, clock });
  }

  function runAll(): void {
    cancel?.();
    cancel = undefined;
    while (all.left() > 0) {
      const client = waiting.clients().find((name) => bucketOf(name).left() > 0);
      if (client === undefined) break;
      const bucket = bucketOf(client);
      for (const taken of [all, bucket]) taken.take();
      buckets.set(client, bucket);
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

/** The waiting jobs by client. */
function createWaiting() {
  /** The client whose turn is next is first. None is empty. */
  const byClient = new Map<string, Job[]>();
  let size = 0;

  return {
    clients: () => [...byClient.keys()],
    size: () => size,
    of: (client: string) => byClient.get(client)?.length ?? 0,
    put(client: string, job: Job): void {
      const jobs = byClient.get(client);
      if (jobs === undefined) byClient.set(client, [job]);
      else jobs.push(job);
      size += 1;
    },
    /** Takes the client's oldest job; the client then comes after all others. */
    next(client: string): Job | undefined {
      const jobs = byClient.get(client);
      const job = jobs?.shift();
      if (jobs === undefined || job === undefined) return undefined;
      size -= 1;
      byClient.delete(client);
      if (jobs.length > 0) byClient.set(client, jobs);
      return job;
    },
    clientWithMost(): string {
      let most = '';
      for (const [client, jobs] of byClient)
        if (jobs.length > (byClient.get(most)?.length ?? 0)) most = client;
      return most;
    },
  };
}
