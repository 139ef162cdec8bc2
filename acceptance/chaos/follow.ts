import { setTimeout } from 'node:timers/promises';
import { createSdkCaller } from '../pod-calls/sdk-call.ts';
import type { Look } from '../pod-calls/sdk-call.ts';
import type { PodCalls } from '../pod-calls/pod-call.ts';

const LOOK_EVERY_MS = 20;

/** A change that is waited for, from when it was made. */
export interface Followed {
  /** performance.now() when it was seen in force. */
  readonly inForceAtMs: number | undefined;
  /** Answers that are neither the old nor the new state, nor a request to wait. */
  readonly odd: readonly string[];
  /** Resolves when it is in force; never where it was stopped before. */
  readonly done: Promise<void>;
  stop(): void;
}

export interface FollowOptions {
  readonly calls: PodCalls;
  /** The role that the list must name; '' for any. */
  readonly role: string;
  /** The change is in force. */
  readonly until: (look: Look) => boolean;
  /** Answers that may come before. */
  readonly before: (look: Look) => boolean;
}

/** Asks as the Pod until the change is in force. */
export function follow({ calls, role, until, before }: FollowOptions): Followed {
  const done = Promise.withResolvers<undefined>();
  const odd: string[] = [];
  let inForceAtMs: number | undefined;
  let stopped = false;

  async function ask(): Promise<void> {
    const sdk = createSdkCaller(calls, 'list and document', role);
    const over = () => stopped;
    while (!over()) {
      const look = await sdk.look();
      if (until(look)) {
        inForceAtMs = performance.now();
        done.resolve(undefined);
        return;
      }
      if (!before(look)) odd.push(`${look.status}: ${look.calls.at(-1)?.body.slice(0, 120) ?? ''}`);
      await setTimeout(LOOK_EVERY_MS);
    }
  }
  void ask().finally(() => {
    calls.close();
  });

  return {
    get inForceAtMs() {
      return inForceAtMs;
    },
    odd,
    done: done.promise,
    stop() {
      stopped = true;
    },
  };
}

/** Waits until all are in force, and looks no more; false: not so within the time. */
export async function inForceWithin(changes: readonly Followed[], withinMs: number): Promise<boolean> {
  const all = Promise.all(changes.map(({ done }) => done));
  await Promise.race([all, setTimeout(withinMs, undefined, { ref: false })]);
  for (const change of changes) change.stop();
  return changes.every(({ inForceAtMs }) => inForceAtMs !== undefined);
}

/** The Pod has credentials of the role. */
export const served =
  (role: string) =>
  (look: Look): boolean =>
    look.status === 200 && look.role === role && look.document.includes('"Success"');

export const hasStatus =
  (...statuses: number[]) =>
  ({ status }: Look): boolean =>
    statuses.includes(status);
