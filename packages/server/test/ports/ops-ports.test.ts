import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Gauge, Registry } from 'prom-client';
import type { Log } from '@rolegate/runtime';
import { createFakeClock, eventually } from '@rolegate/testing';
import { createOpsPorts } from '../../src/ports/ops-ports.ts';

/** Real time for bytes on loopback. Milliseconds. */
const SOON = { withinMs: 10_000, everyMs: 2 };
const LOOPBACK = { host: '127.0.0.1', port: 0 };
const OK = /^HTTP\/1\.1 200 /;

type Port = 'ops' | 'probes';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Both ports, on a stopped clock. */
async function setup() {
  const clock = createFakeClock();
  const [registry, lines, counted] = [new Registry(), [] as object[], [] as string[]];
  const note = (message: string, fields: object = {}): void => {
    lines.push({ message, ...fields });
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const checks = [{ name: 'caches', ready: () => 'not read yet' }];
  const server = createOpsPorts({
    registry,
    checks,
    counted: (limit) => counted.push(limit),
    clock,
    log,
  });
  const ports = {
    ops: await server.ops.listen(LOOPBACK.host, LOOPBACK.port),
    probes: await server.probes.listen(LOOPBACK.host, LOOPBACK.port),
  };
  closing.push(async () => {
    const closed = server.close();
    await clock.advance(5_000);
    await closed;
  });
  /** A connection from this source address, and everything received on it. */
  async function open(port: Port, localAddress = '127.0.0.1') {
    const socket = connect({ port: ports[port], host: '127.0.0.1', localAddress }).setEncoding('latin1');
    const told = { socket, answer: '', closed: false };
    socket.on('data', (chunk: string) => (told.answer += chunk)).on('error', () => undefined);
    socket.once('close', () => {
      told.closed = true;
    });
    closing.push(() => socket.destroy());
    await once(socket, 'connect');
    return told;
  }
  /** Everything received in response to these bytes until the server closes the connection. */
  async function ask(port: Port, bytes: string, localAddress?: string): Promise<string> {
    const told = await open(port, localAddress);
    told.socket.write(bytes);
    await eventually(() => {
      expect(told.closed).toBe(true);
    }, SOON);
    return told.answer;
  }
  const get = (port: Port, path: string, from?: string) =>
    ask(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, from);
  return { clock, registry, lines, counted, open, ask, get };
}

/** This many silent connections, in this order. */
async function openIdle(
  open: (port: Port, from?: string) => Promise<{ socket: Socket; closed: boolean }>,
  { port, from, count }: { readonly port: Port; readonly from: string; readonly count: number },
) {
  const opened: { readonly closed: boolean }[] = [];
  for (let index = 0; index < count; index += 1) opened.push(await open(port, from));
  return opened;
}

interface PortCase {
  readonly name: string;
  readonly port: Port;
  readonly limits: string;
  readonly perAddress: number;
  readonly total: number;
}

describe.each<PortCase>([
  { name: 'the port of metrics', port: 'ops', limits: 'ops', perAddress: 8, total: 64 },
  { name: 'the port of probes', port: 'probes', limits: 'probe', perAddress: 32, total: 256 },
])('$name', ({ port, limits, perAddress, total }) => {
  it('The port answers /livez and /readyz', async () => {
    const { get } = await setup();
    expect(await get(port, '/livez')).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nok\n$/);
    expect(await get(port, '/readyz')).toMatch(/^HTTP\/1\.1 503 [^]*\r\n\r\nnot ready: caches\n$/);
  });

  it('The port reads request heads of up to 4 KiB', async () => {
    const { ask, counted } = await setup();
    const head = (bytes: number) => {
      const rest = 'GET /livez HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n';
      return rest.replace('X: ', `X: ${'x'.repeat(bytes - rest.length)}`);
    };
    expect(await ask(port, head(4_096))).toMatch(OK);
    expect(await ask(port, head(4_101))).toMatch(/^HTTP\/1\.1 431 /);
    expect(counted).toEqual([`${limits}_requests`]);
  });

  it('The port answers one request per connection', async () => {
    const { ask } = await setup();
    const request = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await ask(port, `${request}${request}`);
    expect(answer.match(/^HTTP/gm)).toHaveLength(1);
  });

  it('The port ends a connection after 5 s, whether it sends nothing or a little now and then', async () => {
    const { clock, open } = await setup();
    const [idle, slow] = [await open(port), await open(port)];
    for (const byte of 'GET ') {
      slow.socket.write(byte);
      await setImmediate();
      await clock.advance(1_000);
    }
    expect([idle.closed, slow.closed]).toEqual([false, false]);
    await clock.advance(1_500);
    await eventually(() => {
      expect([idle.closed, slow.closed]).toEqual([true, true]);
    }, SOON);
  });

  it('The port limits the connections of an address, and closes the longest idle one for a new one', async () => {
    const { open, counted } = await setup();
    const other = await open(port, '127.0.0.2');
    const opened = await openIdle(open, { port, from: '127.0.0.1', count: perAddress + 1 });
    await eventually(() => {
      const others = Array<boolean>(perAddress).fill(false);
      expect(opened.map(({ closed }) => closed)).toEqual([true, ...others]);
    }, SOON);
    expect([other.closed, counted]).toEqual([false, [`${limits}_connections`]]);
  });

  it('The port limits all connections, and closes one of the address with the most for a new one', async () => {
    const { open, get, counted, lines } = await setup();
    const alone = await open(port, '127.0.0.99');
    const opened = [];
    // One place remains.
    for (let host = 1, left = total - 2; left > 0; host += 1, left -= 7)
      opened.push(await openIdle(open, { port, from: `127.0.0.${host}`, count: Math.min(7, left) }));
    expect(counted).toEqual([]);
    for (let times = 1; times <= 10; times += 1) {
      expect(await get(port, '/livez', `127.0.1.${times}`)).toMatch(OK);
      await openIdle(open, { port, from: `127.0.2.${times}`, count: 1 });
    }
    expect(alone.closed).toBe(false);
    expect(new Set(counted)).toEqual(new Set([`${limits}_connections`]));
    expect(lines[0]).toMatchObject({ message: 'limit reached', limit: `${limits}_connections` });
  });
});

describe('Metrics and probe ports', () => {
  it('Clients that fill the metrics port do not affect probes', async () => {
    const { open, get, counted } = await setup();
    for (let host = 1; host <= 16; host += 1)
      await openIdle(open, { port: 'ops', from: `127.0.3.${host}`, count: 8 });
    expect(counted).toContain('ops_connections');
    for (let times = 0; times < 20; times += 1)
      expect(await get('probes', '/livez', '127.0.3.1')).toMatch(OK);
    expect(counted).not.toContain('probe_connections');
  });

  it('Metrics are served only on the metrics port', async () => {
    const { get } = await setup();
    expect(await get('ops', '/metrics')).toMatch(OK);
    expect(await get('probes', '/metrics')).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('After the first few requests, the metrics page is made once a second, however many ask', async () => {
    const { clock, registry, get } = await setup();
    let made = 0;
    const gauge = new Gauge({
      name: 'made',
      help: 'How often.',
      registers: [registry],
      collect: () => {
        made += 1;
        gauge.set(made);
      },
    });
    for (let times = 0; times < 20; times += 1) await get('ops', '/metrics');
    expect(made).toBe(8);
    for (let second = 1; second <= 3; second += 1) {
      await clock.advance(1_000);
      for (let times = 0; times < 5; times += 1) await get('ops', '/metrics');
      expect(made).toBe(8 + second);
    }
  });

  it('A connection ends after 5 s even if its metrics page is not ready', async () => {
    const { clock, registry, open } = await setup();
    new Gauge({
      name: 'never',
      help: 'Never read.',
      registers: [registry],
      collect: () => new Promise(() => undefined),
    });
    const asking = await open('ops');
    asking.socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await setImmediate();
    await clock.advance(4_900);
    expect(asking.closed).toBe(false);
    await clock.advance(500);
    await eventually(() => {
      expect(asking).toMatchObject({ closed: true, answer: '' });
    }, SOON);
  });

  it('A limit that is reached many times is logged once a minute with a hint, and counted each time', async () => {
    const { clock, ask, counted, lines } = await setup();
    for (let times = 0; times < 5; times += 1) await ask('probes', `GET /${'x'.repeat(5_000)}`, '127.0.0.7');
    expect(counted).toHaveLength(5);
    expect(lines).toEqual([
      {
        message: 'limit reached',
        limit: 'probe_requests',
        ip: '127.0.0.7',
        hint: 'Find out what connects to --probe-bind from this address. Only the kubelet needs to.',
      },
    ]);
    await clock.advance(60_000);
    expect(lines[1]).toEqual({
      message: 'limit reached repeatedly',
      limit: 'probe_requests',
      ip: '127.0.0.7',
      count: 4,
    });
  });
});
