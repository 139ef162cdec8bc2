// Runs in an honest Pod's network namespace: fetches credentials as SDKs do and counts the answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { serveCalls } from '../../processes/serve-calls.ts';
import { containerCredentials } from '@rolegate/protocol';
import { METADATA } from '../../network/addresses.ts';
import { createPodCalls } from '../../pod-calls/pod-call.ts';
import type { PodCalls } from '../../pod-calls/pod-call.ts';
import { createSdkClient } from '../../pod-calls/sdk-call.ts';
import type { SdkResult } from '../../pod-calls/sdk-call.ts';
import { createTally } from './tally.ts';
import type { Tally } from './tally.ts';
import type { Answers, HonestCalls, HonestClient, TokensOptions, WorkersOptions } from './calls.ts';

/** Later answers count as failed. The limit of one second is judged by the 99th percentile. Milliseconds. */
const TIMEOUT_MS = 3_000;
const PAUSE_MS = { least: 50, spread: 50 };
/** The requests of an SDK, in order. */
const REQUESTS = ['token', 'list', 'credentials'];

let stop = new AbortController();
let running: Promise<Tally>[] = [];

function openCalls({ ip }: HonestClient): PodCalls {
  const agent = { host: METADATA.ipv4, port: 80 };
  return createPodCalls({ ip, agent, keepAlive: true, timeoutMs: TIMEOUT_MS });
}

/** Requests a token, the role list and the credentials. Resolves to what failed. */
async function fetchOnce(calls: PodCalls, { role }: HonestClient, tally: Tally): Promise<string | undefined> {
  const result = await createSdkClient(calls, 'new token each time', role).fetchCredentials();
  for (const { tookMs } of result.calls) tally.took(tookMs);
  const failure = failureOf(result, role);
  if (failure !== undefined) tally.failed(failure);
  return failure;
}

function failureOf(result: SdkResult, role: string): string | undefined {
  const asked = REQUESTS[result.calls.length - 1] ?? '';
  const last = result.calls.at(-1);
  if (last?.status !== 200) return `${asked}: ${last?.status === 0 ? last.body : String(last?.status)}`;
  if (result.role !== role) return `list: the role ${result.role}`;
  return result.document.includes('"AccessKeyId"') ? undefined : `${asked}: a document without a key`;
}

/** Fetches credentials repeatedly, on one connection or on a new one each time. */
async function fetchRepeatedly(options: HonestClient, reuse: boolean, signal: AbortSignal): Promise<Tally> {
  const tally = createTally();
  let calls = openCalls(options);
  while (!signal.aborted) {
    await fetchOnce(calls, options, tally);
    if (!reuse) {
      calls.close();
      calls = openCalls(options);
    }
    await sleep(PAUSE_MS.least + PAUSE_MS.spread * Math.random());
  }
  calls.close();
  return tally;
}

async function runWorkers(options: WorkersOptions): Promise<Answers> {
  const tally = createTally();
  const workers = Array.from({ length: options.workers }, () => openCalls(options));
  await Promise.all(
    workers.map(async (calls, at) => {
      if (options.apartMs > 0) await sleep(at * options.apartMs);
      await fetchOnce(calls, options, tally);
    }),
  );
  for (const calls of workers) calls.close();
  return tally.answers();
}

async function showTokens({ ip, tokens, apartMs }: TokensOptions): Promise<Answers> {
  const tally = createTally();
  await Promise.all(
    tokens.map(async (token, at) => {
      await sleep(at * apartMs);
      await showTwice(ip, token, tally);
    }),
  );
  return tally.answers();
}

async function showTwice(ip: string, token: string, tally: Tally): Promise<void> {
  const { addresses, port, path } = containerCredentials;
  const agent = { host: addresses.ipv4, port };
  const calls = createPodCalls({ ip, agent, keepAlive: true, timeoutMs: TIMEOUT_MS });
  for (const time of ['first', 'second']) {
    const { status, body, tookMs } = await calls.call(path, { headers: { authorization: token } });
    tally.took(tookMs);
    if (status !== 200) tally.failed(`${time} use of a token: ${status === 0 ? body : status}`);
    else if (!body.includes('"AccessKeyId"')) tally.failed(`${time} use of a token: no key`);
  }
  calls.close();
}

serveCalls({
  async fetchOnce(options) {
    const calls = openCalls(options);
    const failure = await fetchOnce(calls, options, createTally());
    calls.close();
    return failure;
  },
  begin(options) {
    stop = new AbortController();
    running = [true, false].map((reuse) => fetchRepeatedly(options, reuse, stop.signal));
  },
  async end() {
    stop.abort();
    const tally = createTally();
    for (const one of await Promise.all(running)) tally.add(one.answers());
    return tally.answers();
  },
  runWorkers,
  showTokens,
} satisfies HonestCalls);
