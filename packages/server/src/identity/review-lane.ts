import { Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { ReviewToken, TokenReview } from './token-review.ts';

export interface LaneLimits {
  /** Reviews under way. */
  readonly atOnce: number;
  /** The same, of one group. */
  readonly ofGroup: number;
  /** Tokens that wait, of one client in one group. */
  readonly perClient: number;
  /** Tokens that wait, of all. */
  readonly waiting: number;
}

/** Groups have their turns one after the other, and so have the clients of a group. */
export interface LaneKey {
  readonly group: string;
  readonly client: string;
}

export interface ReviewLaneDeps {
  readonly limits: LaneLimits;
  readonly review: ReviewToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What a token is refused with that had to give way. */
  readonly refused: (client: string) => Refusal;
}

/** Longer than this nobody waits for an attestation. Milliseconds. */
const WAIT_MS = 4_000;

interface Job extends LaneKey {
  readonly token: string;
  readonly sinceMs: number;
  readonly resolve: (review: Promise<TokenReview>) => void;
  readonly reject: (refusal: Refusal) => void;
}

interface Group {
  readonly name: string;
  readonly clients: Map<string, Job[]>;
  running: number;
  size: number;
}

/** A fair queue before TokenReview. At a limit the oldest token gives way, of the group with the most. */
export function createReviewLane({ limits, review, clock, refused }: ReviewLaneDeps) {
  /** Whoever is next comes first. */
  const groups = new Map<string, Group>();
  let running = 0;
  let waiting = 0;

  function groupOf(name: string): Group {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { name, clients: new Map(), running: 0, size: 0 };
    groups.set(name, group);
    return group;
  }

  /** The oldest of the client whose turn it is; the client then waits behind the others. */
  function take(group: Group, client = firstKey(group.clients)): Job | undefined {
    const jobs = client === undefined ? undefined : group.clients.get(client);
    const job = jobs?.shift();
    if (client === undefined || jobs === undefined || job === undefined) return undefined;
    group.clients.delete(client);
    if (jobs.length > 0) group.clients.set(client, jobs);
    group.size -= 1;
    waiting -= 1;
    return job;
  }

  function forgetIfDone(group: Group): void {
    if (group.size === 0 && group.running === 0) groups.delete(group.name);
  }

  function makeRoom({ group: name, client }: LaneKey): void {
    const own = groups.get(name);
    const ofClient = own?.clients.get(client)?.length ?? 0;
    if (own !== undefined && ofClient >= limits.perClient) refuse(own, client);
    else if (waiting >= limits.waiting) {
      const most = largest(groups.values());
      if (most !== undefined) refuse(most, longest(most.clients));
    }
  }

  function refuse(group: Group, client: string | undefined): void {
    const job = take(group, client);
    forgetIfDone(group);
    job?.reject(refused(job.client));
  }

  function nextGroup(): Group | undefined {
    for (const group of groups.values()) if (group.size > 0 && group.running < limits.ofGroup) return group;
    return undefined;
  }

  function fill(): void {
    while (running < limits.atOnce) {
      const group = nextGroup();
      if (group === undefined) return;
      groups.delete(group.name);
      groups.set(group.name, group);
      const job = take(group);
      if (job !== undefined) begin(job, group);
      forgetIfDone(group);
    }
  }

  function begin({ token, sinceMs, resolve, reject }: Job, group: Group): void {
    if (clock.monotonic() - sinceMs >= WAIT_MS) {
      reject(new Refusal('ServerUnavailable', `the token has waited for ${WAIT_MS / 1000} s to be reviewed`));
      return;
    }
    running += 1;
    group.running += 1;
    const reviewed = review(token);
    resolve(reviewed);
    const over = () => {
      running -= 1;
      group.running -= 1;
      forgetIfDone(group);
      fill();
    };
    reviewed.then(over, over);
  }

  return (token: string, key: LaneKey): Promise<TokenReview> =>
    new Promise((resolve, reject) => {
      makeRoom(key);
      const group = groupOf(key.group);
      const job: Job = { ...key, token, sinceMs: clock.monotonic(), resolve, reject };
      const jobs = group.clients.get(key.client);
      if (jobs === undefined) group.clients.set(key.client, [job]);
      else jobs.push(job);
      group.size += 1;
      waiting += 1;
      fill();
    });
}

function largest(groups: Iterable<Group>): Group | undefined {
  let most: Group | undefined;
  for (const group of groups) if (most === undefined || group.size > most.size) most = group;
  return most;
}

function longest(clients: ReadonlyMap<string, readonly Job[]>): string | undefined {
  let most: string | undefined;
  for (const [client, jobs] of clients)
    if (most === undefined || jobs.length > (clients.get(most)?.length ?? 0)) most = client;
  return most;
}

function firstKey(map: ReadonlyMap<string, unknown>): string | undefined {
  return map.keys().next().value;
}
