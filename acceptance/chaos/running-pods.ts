import { setTimeout } from 'node:timers/promises';
import type { PodCalls } from '../pod-calls/pod-call.ts';
import { createSdkClient } from '../pod-calls/sdk-call.ts';
import type { ClientKind } from '../pod-calls/sdk-call.ts';
import { inFull } from './tally.ts';
import type { Failure, SeenKey, Tally } from './tally.ts';

/** Pause between two fetches of a Pod's credentials. Milliseconds. */
const PAUSE_MS = { least: 50, spread: 50 };

export interface RunningPod {
  readonly name: string;
  readonly role: string;
  readonly kind: ClientKind;
  readonly calls: PodCalls;
}

export interface Asking {
  /** Stops and returns the totals. */
  stop(): Promise<Tally & { readonly keys: readonly SeenKey[] }>;
}

/** Lets all Pods fetch credentials repeatedly, each with its kind of client. */
export function keepAsking(pods: readonly RunningPod[]): Asking {
  const stop = new AbortController();
  const keys = new Map<string, SeenKey>();
  const asking = pods.map((pod) => ask(pod, keys, stop.signal));
  return {
    async stop() {
      stop.abort();
      return { ...inFull(await Promise.all(asking)), keys: [...keys.values()] };
    },
  };
}

async function ask(
  { name, role, kind, calls }: RunningPod,
  keys: Map<string, SeenKey>,
  signal: AbortSignal,
): Promise<Tally> {
  const sdk = createSdkClient(calls, kind, role);
  const failures: Failure[] = [];
  let [requests, leastLifeMs, longestGapMs] = [0, Infinity, 0];
  let lastGoodMs = performance.now();
  while (!signal.aborted) {
    const { calls: made, status, document, role: listed } = await sdk.fetchCredentials();
    const nowMs = performance.now();
    requests += made.length;
    const life = status === 200 ? readDocument(document) : undefined;
    if (life === undefined || listed !== role) {
      failures.push({ pod: name, status, body: made.at(-1)?.body ?? '', atMs: nowMs });
    } else {
      longestGapMs = Math.max(longestGapMs, nowMs - lastGoodMs);
      lastGoodMs = nowMs;
      leastLifeMs = Math.min(leastLifeMs, life.leftMs);
      keys.set(`${name} ${life.accessKeyId}`, { pod: name, role, document });
    }
    await setTimeout(PAUSE_MS.least + PAUSE_MS.spread * Math.random());
  }
  return { requests, failures, leastLifeMs, longestGapMs };
}

/** Undefined if the document has no valid credentials. */
function readDocument(text: string): { accessKeyId: string; leftMs: number } | undefined {
  try {
    const { AccessKeyId, Expiration, Code } = JSON.parse(text) as Record<string, string>;
    const leftMs = Date.parse(Expiration ?? '') - Date.now();
    return AccessKeyId !== undefined && Code === 'Success' && leftMs > 0
      ? { accessKeyId: AccessKeyId, leftMs }
      : undefined;
  } catch {
    return undefined;
  }
}
