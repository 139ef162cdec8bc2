import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Log } from '@rolegate/runtime';
import { createFakeClock, freePort } from '@rolegate/testing';
import type { FakeClock } from '@rolegate/testing';
import { runAgent } from '../../agent/src/agent.ts';
import { parseAgentConfig } from '../../agent/src/config/config.ts';
import { SERVER_NAME } from '../src/identity-flags.ts';
import { startIdentityWorld } from './identity-world.ts';
import type { IdentityWorld } from './identity-world.ts';
import { eventually } from './setup.ts';
import type { LogLine } from './setup.ts';

const NODE = 'node-9';
const HALF_LIFE_MS = 31 * 60_000;
/** Forty times what one address may open. */
const FLOOD = { perSecond: 400, atOnce: 200, tickMs: 10, longestMs: 30_000 };

it('A flood of connections from the address of an agent does not delay its renewal over the feed', async () => {
  await using world = await startIdentityWorld({ servers: 1 });
  await using agent = await startAgent(world);
  await eventually(() => {
    expect(agent.said('feed synced')).toHaveLength(1);
  });
  await using flood = startFlood([...world.serverPorts, ...world.attestPorts]);
  await eventually(() => {
    expect(flood.refused()).toBeGreaterThan(100);
  });
  const before = flood.refused();
  await agent.clock.advance(HALF_LIFE_MS);
  await eventually(async () => {
    await agent.clock.advance(100);
    expect(agent.said('certificate issued')).toHaveLength(2);
  });
  // The flood continues, and the renewal needed no second attempt.
  await eventually(() => {
    expect(flood.refused()).toBeGreaterThan(before);
  });
  expect(agent.said('cannot renew certificate over the feed')).toEqual([]);
  expect(agent.said('certificate request failed')).toEqual([]);
  expect(agent.said('feed lost')).toEqual([]);
  expect(world.serverLog.filter(({ msg, node }) => msg === 'agent attested' && node === NODE)).toHaveLength(
    2,
  );
});

interface Agent extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly said: (msg: string) => LogLine[];
}

/** A whole agent in this process, on a clock that the test advances. Its address is 127.0.0.1. */
async function startAgent(world: IdentityWorld): Promise<Agent> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-flooded-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, world.api.issueToken({ pod: world.agentPod(NODE) }));
  const outcome = parseAgentConfig({
    argv: Object.entries({
      '--node-name': NODE,
      '--host-ip': '127.0.0.1',
      '--port': await freePort(),
      '--prometheus-listen-addr': `127.0.0.1:${await freePort()}`,
      '--imds-endpoint': `http://127.0.0.1:${await freePort()}`,
      '--cni-cache-dir': folder,
      '--server-address': `127.0.0.1:${world.serverPorts[0] ?? 0}`,
      '--attest-address': `127.0.0.1:${world.attestPorts[0] ?? 0}`,
      '--server-name': SERVER_NAME,
      '--ca': world.caFile,
      '--token-file': tokenFile,
      '--status-socket': join(folder, 'status.sock'),
    }).flatMap(([flag, value]) => [flag, String(value)]),
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const clock = createFakeClock({ nowMs: Date.now() });
  const lines: LogLine[] = [];
  const stop = new AbortController();
  const deps = { config: outcome.config, clock, log: recordIn(lines), random: () => 0.5 };
  const running = runAgent(deps, stop.signal);
  running.catch(() => undefined); // checked at the end
  return {
    clock,
    said: (msg) => lines.filter((line) => line.msg === msg),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function recordIn(lines: LogLine[]): Log {
  const at =
    (level: string) =>
    (msg: string, fields: object = {}) => {
      lines.push({ level, msg, ...fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Opens silent connections from 127.0.0.1 at that rate until the end. */
function startFlood(ports: readonly number[]): AsyncDisposable & { readonly refused: () => number } {
  const open = new Set<Socket>();
  const stop = new AbortController();
  let [begun, refused] = [0, 0];

  function begin(): void {
    const socket = connect({ host: '127.0.0.1', port: ports[begun++ % ports.length] ?? 0 });
    open.add(socket);
    socket.on('error', () => undefined).resume();
    socket.once('close', () => {
      open.delete(socket);
      refused += 1;
    });
  }

  async function flood(): Promise<void> {
    const startMs = performance.now();
    for (let ms = 0; !stop.signal.aborted && ms < FLOOD.longestMs; ms = performance.now() - startMs) {
      while (open.size < FLOOD.atOnce && begun < (ms / 1_000) * FLOOD.perSecond) begin();
      await setTimeout(FLOOD.tickMs);
    }
    for (const socket of open) socket.destroy();
  }

  const flooding = flood();
  return {
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await flooding;
    },
  };
}
