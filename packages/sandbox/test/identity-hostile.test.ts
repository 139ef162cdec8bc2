import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVER_NAME } from '../src/identity-flags.ts';
import { startIdentityWorld, SYSTEM } from './identity-world.ts';
import type { IdentityWorld } from './identity-world.ts';
import { eventually, expectLine, seen } from './setup.ts';

/** Per kind. */
const SLOW = 10;
/** Five seconds per connection, plus time for a busy machine. Milliseconds. */
const OVER_WITHIN_MS = 10_000;
const TRICKLE_MS = 200;

describe('Server authority', () => {
  const opened = new AsyncDisposableStack();
  let world: IdentityWorld;
  let asking: Asking;
  const slow: SlowClient[] = [];
  beforeAll(async () => {
    // They connect before the agent and are awaited at the end.
    world = await startIdentityWorld({
      servers: 1,
      onServing: async ({ attestPorts: [port = 0] }) => {
        slow.push(...(await openMany(port)));
      },
    });
    opened.use(world);
    for (const node of ['node-1', 'node-2', 'node-3']) world.agentPod(node);
    await eventually(async () => {
      expect(seen(await world.as('steady/pod').credentials())).toEqual({ status: 200, role: 'steady' });
    });
    asking = ask(world);
    opened.defer(async () => {
      await asking.stop();
    });
  });
  afterAll(async () => {
    for (const { socket } of slow) socket.destroy();
    await opened.disposeAsync();
  });

  const attest = (node: string) =>
    world.peers[0]?.attest(world.api.issueToken({ pod: `${SYSTEM}/rolegate-agent-${node}` })) ??
    Promise.reject(new Error('there is no server'));

  it('Certified agents keep working while the API server is away, and a new one waits, with the reason logged', async () => {
    const [shown, from] = [await attest('node-1'), world.agentLog.length];
    const second = await whileAway(world, async () => {
      await world.peers[0]?.feed({ nodeName: 'node-1' }, shown);
      const agent = await world.startSecondAgent();
      const why = expect.stringMatching(
        /the API server cannot review the agent's token \(.*503.*\); agents with a certificate continue, new ones wait$/,
      ) as unknown;
      const waits = { msg: 'certificate request failed', level: 'warn', reason: 'ServerUnavailable' };
      const hint = expect.stringContaining(
        'Pods get no credentials until a certificate is issued',
      ) as unknown;
      await expectLine(world.agentLog, { ...waits, error: why, hint });
      await expectLine(world.serverLog, {
        msg: 'agent refused',
        level: 'warn',
        audit: true,
        reason: 'ServerUnavailable',
        error: why,
      });
      expect(world.agentLog.slice(from).filter(({ msg }) => msg === 'certificate issued')).toEqual([]);
      expect(world.serverLog.filter(({ reason }) => reason === 'ForeignNode')).toEqual([]);
      return agent;
    });
    await second.ready();
    expect(world.agentLog.slice(from)).toContainEqual(expect.objectContaining({ msg: 'certificate issued' }));
    await second.stop();
  });

  it('Clients that send nothing or trickle are disconnected, and agents and Pods are served meanwhile', async () => {
    // Those from before the agent may have been closed.
    slow.push(...(await openMany(world.attestPorts[0] ?? 0)));
    await world.peers[0]?.feed({ nodeName: 'node-2' }, await attest('node-2'));
    const lived = await Promise.all(slow.map(({ over }) => over));
    // None of them was refused immediately.
    expect(lived.filter((ms) => ms < 1_000 || ms > OVER_WITHIN_MS)).toEqual([]);
    await world.peers[0]?.feed({ nodeName: 'node-3' }, await attest('node-3'));
    expect(await asking.stop()).toEqual([]);
    expect(world.agentLog.filter(({ msg }) => msg === 'feed lost')).toEqual([]);
  });
});

interface SlowClient {
  readonly socket: TLSSocket;
  /** How long the server kept it, or longer than allowed if it is still open. Milliseconds. */
  readonly over: Promise<number>;
}

function openMany(port: number): Promise<SlowClient[]> {
  return Promise.all(Array.from({ length: 2 * SLOW }, (_, at) => openSlow(port, at)));
}

/** A connection without a certificate from its own address: silent, or with an attestation that never completes. */
async function openSlow(port: number, at: number): Promise<SlowClient> {
  const silent = at % 2 === 0;
  const options = {
    host: '127.0.0.1',
    port,
    localAddress: `127.0.1.${at}`,
    servername: SERVER_NAME,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  };
  const socket = connect(options);
  socket.on('error', () => undefined).resume();
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const [beganMs, stop] = [performance.now(), new AbortController()];
  const closed = new Promise<number>((resolve) => {
    socket.once('close', () => {
      stop.abort();
      resolve(performance.now() - beganMs);
    });
  });
  if (!silent) void trickle(socket, stop.signal);
  const late = setTimeout(OVER_WITHIN_MS + 1, OVER_WITHIN_MS + 1, { ref: false });
  return { socket, over: Promise.race([closed, late]) };
}

/** HTTP/2 by hand, because Node's client would answer pings. */
async function trickle(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const headers = Object.entries({
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': SERVER_NAME,
    ':path': '/rolegate.v1.Rolegate/Attest',
    'content-type': 'application/grpc',
    te: 'trailers',
  }).map(([name, value]) => Buffer.from(`\0${sized(name)}${sized(value)}`, 'latin1'));
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frame(FRAME.settings, 0, Buffer.alloc(0)));
  socket.write(frame(FRAME.headers, 1, Buffer.concat(headers)));
  // Announces a message of 1000 bytes.
  const message = Buffer.concat([Buffer.from([0, 0, 0, 3, 232]), Buffer.alloc(1_000, 'x')]);
  for (const byte of message) {
    if (signal.aborted) return;
    socket.write(frame(FRAME.data, 1, Buffer.from([byte])));
    await setTimeout(TRICKLE_MS, undefined, { ref: false });
  }
}

const FRAME = {
  data: { type: 0, flags: 0 },
  headers: { type: 1, flags: 4 },
  settings: { type: 4, flags: 0 },
};

function frame({ type, flags }: { type: number; flags: number }, stream: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);
}

function sized(text: string): string {
  return String.fromCharCode(text.length) + text;
}

/** Breaks every watch and refuses all requests of the API server, and returns the result of `act` once it is back. */
async function whileAway<Result>({ api }: IdentityWorld, act: () => Promise<Result>): Promise<Result> {
  api.refuse(503);
  api.dropWatches();
  try {
    return await act();
  } finally {
    api.refuse(undefined);
  }
}

interface Asking {
  /** Every status other than 200. */
  readonly stop: () => Promise<number[]>;
}

function ask(world: IdentityWorld): Asking {
  const client = world.as('steady/pod');
  const bad: number[] = [];
  const over = new AbortController();
  const asked = (async () => {
    while (!over.signal.aborted) {
      const { status } = await client.credentials();
      if (status !== 200) bad.push(status);
      await setTimeout(20);
    }
  })();
  return {
    async stop() {
      over.abort();
      await asked;
      return bad;
    },
  };
}
