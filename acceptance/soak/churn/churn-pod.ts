import { setTimeout } from 'node:timers/promises';
import { createSdkClient } from '../../pod-calls/sdk-call.ts';
import type { ClientKind } from '../../pod-calls/sdk-call.ts';
import type { PodCalls } from '../../pod-calls/pod-call.ts';
import type { SeenKey } from '../../chaos/tally.ts';
import type { TroubleLog } from '../faults/trouble.ts';
import { problemOf } from '../judge/pod-answer.ts';
import type { Entitlement } from '../judge/pod-answer.ts';

/** Between two fetches of a Pod. Milliseconds. */
const PAUSE_MS = 800;

export interface ChurnPodOptions {
  /** namespace/name */
  readonly name: string;
  readonly role: string;
  /** Its Namespace permits the role at times. */
  readonly grantable: boolean;
  readonly permitted: boolean;
  /** When the Namespace's permit last changed, by performance.now(). */
  readonly changedMs: number;
  readonly kind: ClientKind;
  readonly calls: PodCalls;
  readonly trouble: TroubleLog;
  readonly seen: ChurnRecord;
}

/** What the Pods of the churn experience. */
export interface ChurnRecord {
  /** Objects that were created, changed or removed. */
  changes: number;
  requests: number;
  served: number;
  readonly problems: string[];
  readonly keys: Map<string, SeenKey>;
}

/** A Pod that fetches its credentials again and again. */
export interface ChurnPod {
  readonly name: string;
  /** Its Namespace now permits its role, or no longer. */
  readonly setPermitted: (permitted: boolean) => void;
  /** The answers of a call in progress no longer count. */
  readonly stop: () => Promise<void>;
}

export function startChurnPod(options: ChurnPodOptions): ChurnPod {
  const { name, role, grantable, kind, calls, trouble, seen } = options;
  const isPermitted = options.permitted && grantable;
  let state: Entitlement = {
    role,
    permitted: isPermitted,
    // A server that is behind may still have the Namespace's earlier permit.
    everPermitted: grantable,
    sinceMs: isPermitted ? performance.now() : options.changedMs,
    served: false,
  };
  const stop = new AbortController();
  const isStopped = () => stop.signal.aborted;

  async function ask(): Promise<void> {
    const sdk = createSdkClient(calls, kind, role);
    while (!isStopped()) {
      const [startMs, before] = [performance.now(), state];
      const result = await sdk.fetchCredentials();
      // A change during the call makes either answer right.
      if (!isStopped() && before.sinceMs === state.sinceMs) note(result, startMs);
      await setTimeout(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    calls.close();
  }

  function note(
    result: Awaited<ReturnType<ReturnType<typeof createSdkClient>['fetchCredentials']>>,
    startMs: number,
  ): void {
    const { status, document } = result;
    seen.requests += result.calls.length;
    const body = result.calls.at(-1)?.body ?? '';
    const problem = problemOf({ status, body, role: result.role, startMs }, state, trouble.now());
    if (problem !== undefined) seen.problems.push(`${name} ${problem}`);
    if (status !== 200) return;
    if (!state.served) seen.served += 1;
    state = { ...state, served: true };
    const { AccessKeyId = '' } = JSON.parse(document) as Record<string, string>;
    seen.keys.set(`${role} ${AccessKeyId}`, { pod: name, role, document });
  }

  const asking = ask();
  return {
    name,
    setPermitted(next) {
      const permitted = next && grantable;
      if (permitted === state.permitted) return;
      state = { ...state, permitted, sinceMs: performance.now(), served: false };
    },
    async stop() {
      stop.abort();
      await asking;
    },
  };
}
