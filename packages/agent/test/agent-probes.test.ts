import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '@rolegate/testing';
import { soon, startAgent } from './whole-agent.ts';

const FIREWALL = ['--mode', 'firewall', '--cni-socket', '/nowhere/cni.sock'];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(probePort?: number) {
  const agent = await startAgent(FIREWALL, probePort === undefined ? {} : { probePort });
  closing.push(() => agent[Symbol.asyncDispose]());
  return agent;
}

it('The probe port answers only /livez', async () => {
  const agent = await start();
  await soon(async () => {
    expect(await agent.probe('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
  });
  for (const path of ['/readyz', '/metrics', '/latest/meta-data/'])
    expect((await agent.probe(path)).status).toBe(404);
});

it('Two agents of a surge share the probe port, and it stays open when one of them ends', async () => {
  const first = await start();
  const second = await start(first.probePort);
  const ready = ['[+]probes ok'];
  for (const agent of [first, second])
    await soon(async () => {
      expect((await agent.ops('/readyz?verbose')).body.split('\n')).toEqual(expect.arrayContaining(ready));
    });
  await first.stop();
  for (let left = 20; left > 0; left -= 1) expect((await second.probe('/livez')).status).toBe(200);
  expect(second.lines('cannot open probe port; retrying')).toEqual([]);
});

it('An agent whose probe port is in use by another program serves Pods, logs it, is not ready and does not exit', async () => {
  const port = await freePort();
  const other = createServer((_, response) => response.writeHead(404).end()).listen(port, '127.0.0.1');
  await once(other, 'listening');
  closing.push(() => other.close());
  const agent = await start(port);
  await soon(() => {
    expect(agent.lines('cannot open probe port; retrying')).toMatchObject([
      { address: `127.0.0.1:${port}`, hint: expect.stringContaining('chart: probes') },
    ]);
  });
  expect((await agent.ask({ path: '/latest/meta-data/' })).status).toBe(403);
  const { status, body } = await agent.ops('/readyz?verbose');
  expect([status, body]).toEqual([503, expect.stringMatching(/^\[-\]probes .*EADDRINUSE/m)]);
});
