import { request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import type { Clock } from '@rolegate/runtime';
import { createFakeClock, eventually, freePort, startImds } from '@rolegate/testing';
import { runAgent } from '../src/agent.ts';
import { parseAgentConfig } from '../src/config/config.ts';
import type { Machine } from '../src/state/machine.ts';
import { createTestLog } from './addresses/known-pods.ts';

/** Real time for loopback, during which the agent's clock does not advance. Milliseconds. */
const PATIENCE = { withinMs: 30_000, everyMs: 5 };

export interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Waits for it in real time. */
export function soon<Result>(check: () => Promise<Result> | Result): Promise<Result> {
  return eventually(check, PATIENCE);
}

/** One request on a new connection. Status 0: no answer. */
function ask(options: RequestOptions): Promise<Got> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
      });
    });
    call.on('error', (error) => {
      resolve({ status: 0, body: error.message, headers: {} });
    });
    call.end();
  });
}

export interface AgentOptions {
  /** Free ports by default. */
  readonly port?: number;
  readonly opsPort?: number;
  readonly probePort?: number;
  readonly machine?: Machine;
}

/** A whole agent on 127.0.0.1, on a stopped clock. `argv`: flags in addition to the common ones. */
export async function startAgent(argv: readonly string[], options: AgentOptions = {}) {
  const clock = createFakeClock({ nowMs: Date.now() });
  return { ...(await startAgentOn(clock, argv, options)), clock };
}

/** The same, on the test's clock. */
export async function startAgentOn(clock: Clock, argv: readonly string[], options: AgentOptions = {}) {
  const { machine } = options;
  const imds = await startImds({});
  const port = options.port ?? (await freePort());
  const opsPort = options.opsPort ?? (await freePort());
  const probePort = options.probePort ?? (await freePort());
  const outcome = parseAgentConfig({
    argv: [
      '--node-name',
      'node-1',
      '--host-ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--metadata-host',
      '127.0.0.1',
      '--imds-endpoint',
      imds.url,
      '--prometheus-listen-addr',
      `127.0.0.1:${opsPort}`,
      '--probe-bind',
      `127.0.0.1:${probePort}`,
      ...argv,
    ],
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const log = createTestLog();
  const stop = new AbortController();
  const running = runAgent(
    { config: outcome.config, clock, log, random: () => 0.5, ...(machine && { machine }) },
    stop.signal,
  );
  running.catch(() => undefined); // awaited at the end
  const end = async () => {
    stop.abort();
    await running;
  };
  const ops = (path: string) => ask({ port: opsPort, path });
  const probe = (path: string) => ask({ port: probePort, path });
  return {
    imds,
    log,
    ops,
    opsPort,
    probe,
    probePort,
    stop: end,
    address: { host: '127.0.0.1', port },
    lines: (message: string) =>
      log.lines.filter(([, text]) => text === message).map(([, , fields]) => fields),
    ask: (options: RequestOptions) => ask({ port, ...options }),
    metrics: async (pattern: RegExp) =>
      (await ops('/metrics')).body.split('\n').filter((line) => pattern.test(line)),
    async [Symbol.asyncDispose]() {
      await end();
      await imds.close();
    },
  };
}
