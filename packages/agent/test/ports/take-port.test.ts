import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createAgentPorts } from '../../src/ports/agent-ports.ts';
import { createTestLog, until } from '../addresses/known-pods.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listen(host: string, port: number, reusePort: boolean): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, reusePort });
  await once(server, 'listening');
  open.push(server);
  return server;
}

/** A port in use by a process that does not share it, like one of another user, and an agent that wants it. */
async function setup({ shares = false } = {}) {
  const holder = await listen('127.0.0.1', 0, shares);
  const { port } = holder.address() as AddressInfo;
  const clock = createFakeClock();
  const log = createTestLog();
  const stop = new AbortController();
  let own: readonly number[] | Error = [7];
  const ports = createAgentPorts({
    clock,
    log,
    readOwn: () => (own instanceof Error ? Promise.reject(own) : Promise.resolve(own)),
  });
  const at = { host: '127.0.0.1', port };
  let tries = 0;
  const take = () => {
    const taken = ports.take(
      at,
      (host, wanted) => {
        tries += 1;
        return listen(host, wanted, true);
      },
      stop.signal,
    );
    taken.catch(() => undefined);
    return taken;
  };
  const isHeld = () =>
    until(
      () => ports.stateOf(at) === 'held',
      () => clock.advance(20),
    );
  return {
    clock,
    log,
    stop,
    ports,
    at,
    take,
    isHeld,
    tries: () => tries,
    finds: (inodes: readonly number[] | Error) => (own = inodes),
    messages: () => log.lines.map(([, message]) => message),
    async leave() {
      const closed = once(holder, 'close');
      holder.close();
      await closed;
    },
  };
}

describe('Port of another user', () => {
  it('A port of another user is tried every 20 ms, logged once, and acquired when it is free', async () => {
    const t = await setup();
    const taken = t.take();
    await t.isHeld();
    await until(
      () => t.messages().length === 1,
      () => t.clock.advance(20),
    );
    const before = t.tries();
    for (let count = 1; count <= 50; count += 1) {
      await until(() => t.clock.pending === 1);
      await t.clock.advance(20);
      await until(() => t.tries() === before + count);
    }
    expect(t.messages()).toEqual(['port in use; waiting for it']);
    await t.leave();
    await until(() => t.clock.pending === 1);
    await t.clock.advance(20);
    expect(await taken).toBe(true);
    expect(t.ports.stateOf(t.at)).toBe('listening');
    expect(t.log.lines.slice(1)).toEqual([
      ['info', 'port acquired', { address: '127.0.0.1', port: t.at.port, waitedMs: expect.any(Number) }],
    ]);
  });

  it('A port that another user has held for five minutes is tried every 250 ms', async () => {
    const t = await setup();
    void t.take();
    await t.isHeld();
    await t.clock.advance(300_100);
    const before = t.tries();
    await t.clock.advance(10_000);
    expect(t.tries()).toBe(before + 40);
  });

  it('A port of another user is named in the details of readiness, which does not depend on it, until it is ours', async () => {
    const t = await setup();
    const taken = t.take();
    await t.isHeld();
    expect([t.ports.check.informative, t.ports.check.ready(), t.ports.held()]).toEqual([
      true,
      `in use by another user: 127.0.0.1:${t.at.port}`,
      [t.at],
    ]);
    await t.leave();
    await until(
      () => t.ports.stateOf(t.at) === 'listening',
      () => t.clock.advance(20),
    );
    expect([await taken, t.ports.check.ready(), t.ports.held()]).toEqual([true, true, []]);
  });

  it('The agent gives up waiting for a port of another user if it stops first', async () => {
    const t = await setup();
    const taken = t.take();
    await t.isHeld();
    t.stop.abort();
    expect(await taken).toBe(false);
  });
});

it('A port that another agent shares is taken at once, and nothing is logged', async () => {
  const t = await setup({ shares: true });
  expect(await t.take()).toBe(true);
  expect([t.tries(), t.messages()]).toEqual([1, []]);
});

it('Taking a port on an address of another machine fails with EADDRNOTAVAIL', async () => {
  const t = await setup();
  const elsewhere = t.ports.take(
    { host: '198.18.0.1', port: t.at.port },
    (host, port) => listen(host, port, true),
    t.stop.signal,
  );
  await expect(elsewhere).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});

describe('Named listeners', () => {
  it('The agent names the ports that it has or waits for, and the listeners that it has by then', async () => {
    const t = await setup();
    expect(t.ports.line()).toBeUndefined();
    let told = 0;
    t.ports.onChange(() => {
      told += 1;
    });
    t.finds([]);
    const taken = t.take();
    await t.isHeld();
    await until(() => told === 1);
    expect(JSON.parse(t.ports.line() ?? '')).toEqual({ kind: 'listeners', ports: [t.at], inodes: [] });
    t.finds([7, 8]);
    await t.leave();
    await until(
      () => told === 2,
      () => t.clock.advance(20),
    );
    expect(await taken).toBe(true);
    expect(JSON.parse(t.ports.line() ?? '')).toEqual({ kind: 'listeners', ports: [t.at], inodes: [7, 8] });
  });

  it('The agent names nothing while it cannot tell which listeners are its own', async () => {
    const t = await setup({ shares: true });
    t.finds(new Error('EACCES'));
    expect(await t.take()).toBe(true);
    expect(t.ports.line()).toBeUndefined();
    expect(t.messages()).toEqual(['cannot list own listening sockets']);
  });
});
