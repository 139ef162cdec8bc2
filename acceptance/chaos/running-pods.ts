import { setTimeout } from 'node:timers/promises';
import type { PodCalls } from '../pod-calls/pod-call.ts';
import { createSdkCaller } from '../pod-calls/sdk-call.ts';
import type { Manner } from '../pod-calls/sdk-call.ts';
import { inFull } from './tally.ts';
import type { Failure, SeenKey, Tally } from './tally.ts';

/** Each Pod looks at its credentials after so long. Milliseconds. */
const PAUSE_MS = { least: 50, spread: 50 };

export interface RunningPod {
  readonly name: string;
  readonly role: string;
  readonly manner: Manner;
  readonly calls: PodCalls;
}

export interface Asking {
  /** Ends the asking. */
  stop(): Promise<Tally & { readonly keys: readonly SeenKey[] }>;
}

/** All of them ask all the while, each in its manner. */
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
  { name, role, manner, calls }: RunningPod,
  keys: Map<string, SeenKey>,
  signal: AbortSignal,
): Promise<Tally> {
  const sdk = createSdkCaller(calls, manner, role);
  const failures: Failure[] = [];
  let [requests, leastLifeMs, longestGapMs] = [0, Infinity, 0];
  let lastGoodMs = performance.now();
  while (!signal.aborted) {
    const { calls: made, status, document, role: listed } = await sdk.look();
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

/** Undefined: it holds no credentials, or expired ones. */
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
