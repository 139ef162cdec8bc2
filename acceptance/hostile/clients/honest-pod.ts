// Runs in the network namespace of an honest Pod: asks for its credentials as SDKs do, and counts what it is answered.
import { setTimeout as sleep } from 'node:timers/promises';
import { serveCalls } from '../../processes/serve-calls.ts';
import { METADATA } from '../../network/addresses.ts';
import { createPodCalls } from '../../pod-calls/pod-call.ts';
import type { PodCalls } from '../../pod-calls/pod-call.ts';
import { createSdkCaller } from '../../pod-calls/sdk-call.ts';
import { createTally } from './tally.ts';
import type { Tally } from './tally.ts';
import type { Answers, CrowdOrder, HonestCalls, HonestOrder } from './orders.ts';

/** An answer that comes later is none: SDKs have given up. The bound of one second is judged by the 99th percentile. Milliseconds. */
const TIMEOUT_MS = 3_000;
const PAUSE_MS = { least: 50, spread: 50 };
/** What an SDK asks for, in this order. */
const ASKED = ['token', 'list', 'credentials'];

let stop = new AbortController();
let asking: Promise<Tally>[] = [];

function openCalls({ ip }: HonestOrder): PodCalls {
  const agent = { host: METADATA.ipv4, port: 80 };
  return createPodCalls({ ip, agent, keepAlive: true, timeoutMs: TIMEOUT_MS });
}

/** PUT of the token, list of roles, credentials. Resolves to what failed. */
async function lookOnce(calls: PodCalls, { role }: HonestOrder, tally: Tally): Promise<string | undefined> {
  const look = await createSdkCaller(calls, 'token each time', role).look();
  for (const { tookMs } of look.calls) tally.took(tookMs);
  const failure = failureOf(look, role);
  if (failure !== undefined) tally.failed(failure);
  return failure;
}

function failureOf(
  look: Awaited<ReturnType<ReturnType<typeof createSdkCaller>['look']>>,
  role: string,
): string | undefined {
  const asked = ASKED[look.calls.length - 1] ?? '';
  const last = look.calls.at(-1);
  if (last?.status !== 200) return `${asked}: ${last?.status === 0 ? last.body : String(last?.status)}`;
  if (look.role !== role) return `list: the role ${look.role}`;
  return look.document.includes('"AccessKeyId"') ? undefined : `${asked}: a document without a key`;
}

/** One loop opens a connection for each look, the other keeps its own. */
async function keepLooking(order: HonestOrder, kept: boolean, signal: AbortSignal): Promise<Tally> {
  const tally = createTally();
  let calls = openCalls(order);
  while (!signal.aborted) {
    await lookOnce(calls, order, tally);
    if (!kept) {
      calls.close();
      calls = openCalls(order);
    }
    await sleep(PAUSE_MS.least + PAUSE_MS.spread * Math.random());
  }
  calls.close();
  return tally;
}

async function crowd(order: CrowdOrder): Promise<Answers> {
  const tally = createTally();
  const workers = Array.from({ length: order.workers }, () => openCalls(order));
  await Promise.all(
    workers.map(async (calls, at) => {
      if (order.apartMs > 0) await sleep(at * order.apartMs);
      await lookOnce(calls, order, tally);
    }),
  );
  for (const calls of workers) calls.close();
  return tally.answers();
}

serveCalls({
  async look(order) {
    const calls = openCalls(order);
    const failure = await lookOnce(calls, order, createTally());
    calls.close();
    return failure;
  },
  begin(order) {
    stop = new AbortController();
    asking = [true, false].map((kept) => keepLooking(order, kept, stop.signal));
  },
  async end() {
    stop.abort();
    const tally = createTally();
    for (const one of await Promise.all(asking)) tally.add(one.answers());
    return tally.answers();
  },
  crowd,
} satisfies HonestCalls);
