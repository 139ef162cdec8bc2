// Runs in the node's network namespace: makes the kubelet's probes and measures how late the machine's timers are.
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '@rolegate/testing';
import { serveCalls } from '../../processes/serve-calls.ts';
import { quantile } from '../../bench/statistics.ts';
import type { TimerDelay, ProbeCalls, ProbeSpec, ProbeResult } from './calls.ts';

/** The kubelet's default. Milliseconds. */
const TIMEOUT_MS = 1_000;
/** Covers the start of a process on a busy machine, as in the charts. Milliseconds. */
const COMMAND_TIMEOUT_MS = 5_000;
const TICK_MS = 20;
/** Kept from the output of a failed command. */
const MOST_CHARACTERS = 120;

let stop = new AbortController();
let probing: Promise<ProbeResult>[] = [];
let measuring: Promise<TimerDelay> | undefined;

async function probe(spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult> {
  const failures: string[] = [];
  const tookMs: number[] = [];
  for (let nextMs = performance.now(); !signal.aborted; nextMs += spec.everyMs) {
    const startMs = performance.now();
    const failure = await failureOf(spec);
    tookMs.push(performance.now() - startMs);
    if (failure !== undefined) failures.push(failure);
    const pauseMs = Math.max(0, nextMs + spec.everyMs - performance.now());
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return { name: spec.name, made: tookMs.length, failures, tookMs };
}

function failureOf(spec: ProbeSpec): Promise<string | undefined> {
  return 'url' in spec ? getFailure(spec.url, spec.timeoutMs) : commandFailure(spec.command);
}

/** Like the kubelet: uses a new connection and accepts a status from 200 to 399. */
function getFailure(url: string, timeoutMs = TIMEOUT_MS): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { 'user-agent': 'kube-probe/1.34', accept: '*/*', connection: 'close' };
    const request = get(url, { agent: false, headers }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      done(statusCode >= 200 && statusCode < 400 ? undefined : String(statusCode));
    });
    const done = (failure: string | undefined) => {
      clearTimeout(timer);
      resolve(failure);
    };
    const timer = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs);
    request.on('error', (error: NodeJS.ErrnoException) => {
      done(error.code ?? error.message);
    });
  });
}

async function commandFailure(command: readonly string[]): Promise<string | undefined> {
  const { code, stdout, stderr } = await runCommand(command, { timeoutMs: COMMAND_TIMEOUT_MS });
  if (code === 0) return undefined;
  const [firstLine = ''] = (stderr.trim() || stdout.trim()).split('\n');
  return code === null ? 'timeout' : `exit code ${code}: ${firstLine.slice(0, MOST_CHARACTERS)}`;
}

async function measureTimerDelay(signal: AbortSignal): Promise<TimerDelay> {
  const lateMs: number[] = [0];
  while (!signal.aborted) {
    const startMs = performance.now();
    await sleep(TICK_MS);
    lateMs.push(performance.now() - startMs - TICK_MS);
  }
  return { p99Ms: quantile(lateMs, 0.99), worstMs: Math.max(...lateMs) };
}

serveCalls({
  async once(probes) {
    const failures = await Promise.all(probes.map(failureOf));
    return failures.flatMap((failure, at) =>
      failure === undefined ? [] : [`${probes[at]?.name ?? ''}: ${failure}`],
    );
  },
  begin(probes) {
    stop = new AbortController();
    probing = probes.map((spec) => probe(spec, stop.signal));
    measuring = measureTimerDelay(stop.signal);
  },
  async end() {
    stop.abort();
    const timerDelay = (await measuring) ?? { p99Ms: 0, worstMs: 0 };
    return { probes: await Promise.all(probing), timerDelay };
  },
} satisfies ProbeCalls);
