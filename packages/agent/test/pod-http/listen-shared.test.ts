import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { listenShared } from '../../src/pod-http/listen-shared.ts';
import { createTestLog, until } from '../addresses/known-pods.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listen(port: number, reusePort: boolean, host = '127.0.0.1'): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, reusePort });
  await once(server, 'listening');
  open.push(server);
  return server;
}

/** A port in use, and an agent that wants it. */
async function setup({ shares = true, address = '127.0.0.1' } = {}) {
  const holder = await listen(0, shares);
  const { port } = holder.address() as AddressInfo;
  const clock = createFakeClock();
  const log = createTestLog();
  const stop = new AbortController();
  const agent = { canAnswer: false, listening: false };
  const start = () => {
    const joined = listenShared(
      {
        address,
        port,
        clock,
        log,
        canAnswer: () => agent.canAnswer,
        async take() {
          await listen(port, true, address);
          agent.listening = true;
          return true;
        },
      },
      stop.signal,
    );
    joined.catch(() => undefined);
    return joined;
  };
  return { holder, clock, log, stop, agent, start };
}

describe('Shared port', () => {
  it('A port of another agent is joined only once this agent can answer requests', async () => {
    const { clock, log, agent, start } = await setup();
    const joined = start();
    await until(() => clock.pending === 1);
    await clock.advance(10_000);
    await until(() => clock.pending === 1);
    expect([agent.listening, log.lines.length]).toEqual([false, 1]);
    agent.canAnswer = true;
    await clock.advance(250);
    expect(await joined).toBe(true);
    expect(agent.listening).toBe(true);
  });

  it('A port of another agent is joined at once by an agent that can answer from the start', async () => {
    const { agent, log, start } = await setup();
    agent.canAnswer = true;
    expect(await start()).toBe(true);
    expect(log.lines).toEqual([]);
  });

  it('A port is taken as soon as the other agent leaves it, even if this agent cannot answer yet', async () => {
    const { holder, clock, agent, start } = await setup();
    const joined = start();
    await until(() => clock.pending === 1);
    const closed = once(holder, 'close');
    holder.close();
    await closed;
    await clock.advance(250);
    expect(await joined).toBe(true);
    expect(agent.canAnswer).toBe(false);
  });

  it('The agent gives up waiting for a port if it stops first', async () => {
    const { clock, stop, agent, start } = await setup();
    const joined = start();
    await until(() => clock.pending === 1);
    stop.abort();
    expect([await joined, agent.listening]).toEqual([false, false]);
  });
});

it('A free port is taken at once, even if this agent cannot answer yet', async () => {
  const { holder, start } = await setup();
  const closed = once(holder, 'close');
  holder.close();
  await closed;
  expect(await start()).toBe(true);
});

it('Taking a port that another process has without reusePort fails with EADDRINUSE', async () => {
  const { clock, agent, start } = await setup({ shares: false });
  agent.canAnswer = true;
  let fault: unknown;
  start().catch((error: unknown) => (fault = error));
  await until(
    () => fault !== undefined,
    () => clock.advance(20),
  );
  expect(fault).toMatchObject({ code: 'EADDRINUSE' });
});

it('Taking a port on an address of another machine fails with EADDRNOTAVAIL', async () => {
  const { start } = await setup({ address: '198.18.0.1' });
  await expect(start()).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});
