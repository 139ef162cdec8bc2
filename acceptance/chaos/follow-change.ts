import { setTimeout } from 'node:timers/promises';
import { createSdkClient } from '../pod-calls/sdk-call.ts';
import type { SdkResult } from '../pod-calls/sdk-call.ts';
import type { PodCalls } from '../pod-calls/pod-call.ts';

const POLL_EVERY_MS = 20;

/** A change whose effect on a Pod's answers is awaited. */
export interface FollowedChange {
  /** performance.now() when the change was in force. */
  readonly inForceAtMs: number | undefined;
  /** Answers that match neither the old nor the new state. */
  readonly unexpected: readonly string[];
  /** Resolves when the change is in force; never if stopped before. */
  readonly done: Promise<void>;
  stop(): void;
}

export interface FollowOptions {
  readonly calls: PodCalls;
  /** The role to request. */
  readonly role: string;
  /** Whether the change is in force. */
  readonly until: (result: SdkResult) => boolean;
  /** Whether the answer is allowed before. */
  readonly before: (result: SdkResult) => boolean;
}

/** Fetches credentials as the Pod until the change is in force. */
export function followChange({ calls, role, until, before }: FollowOptions): FollowedChange {
  const done = Promise.withResolvers<undefined>();
  const unexpected: string[] = [];
  let inForceAtMs: number | undefined;
  let stopped = false;

  async function poll(): Promise<void> {
    const sdk = createSdkClient(calls, 'list and document', role);
    const over = () => stopped;
    while (!over()) {
      const result = await sdk.fetchCredentials();
      if (until(result)) {
        inForceAtMs = performance.now();
        done.resolve(undefined);
        return;
      }
      if (!before(result))
        unexpected.push(`${result.status}: ${result.calls.at(-1)?.body.slice(0, 120) ?? ''}`);
      await setTimeout(POLL_EVERY_MS);
    }
  }
  void poll().finally(() => {
    calls.close();
  });

  return {
    get inForceAtMs() {
      return inForceAtMs;
    },
    unexpected,
    done: done.promise,
    stop() {
      stopped = true;
    },
  };
}

/** Waits until all changes are in force, and stops following them. False if that takes too long. */
export async function inForceWithin(changes: readonly FollowedChange[], withinMs: number): Promise<boolean> {
  const all = Promise.all(changes.map(({ done }) => done));
  await Promise.race([all, setTimeout(withinMs, undefined, { ref: false })]);
  for (const change of changes) change.stop();
  return changes.every(({ inForceAtMs }) => inForceAtMs !== undefined);
}

/** The answer has credentials of the role. */
export const served =
  (role: string) =>
  (result: SdkResult): boolean =>
    result.status === 200 && result.role === role && result.document.includes('"Success"');

export const hasStatus =
  (...statuses: number[]) =>
  ({ status }: SdkResult): boolean =>
    statuses.includes(status);
