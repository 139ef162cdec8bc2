import { afterEach, expect, it } from 'vitest';
import { createCniResultsDir } from '@rolegate/testing';
import { memoryKinds } from '../src/memory/memory.ts';
import { startFeedServer } from './feed-server.ts';
import { createFolder } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const IP = '127.9.0.77';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';

const SERVING = ['--container-credentials', '--container-credentials-bind', '127.0.0.1:0'];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A whole agent on a stopped clock, with one permitted Pod. */
async function setup(argv: readonly string[] = []) {
  const { folder, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startFeedServer(folder);
  closing.push(server.close);
  const cni = await createCniResultsDir();
  closing.push(() => cni[Symbol.asyncDispose]());
  await cni.add({ uid: 'u1', namespace: 'shop', name: 'a', ips: [IP] });
  const agent = await startAgent(['--cni-cache-dir', cni.path, ...server.argv, ...argv]);
  closing.push(() => agent[Symbol.asyncDispose]());
  const { reports } = server;
  return { ...agent, reports, get: (path: string) => agent.ask({ path, localAddress: IP }) };
}

it('An agent names its node to the server, answers its Pods, and reports within ten seconds what they asked for', async () => {
  const { clock, reports, get } = await setup();
  await soon(async () => {
    expect((await get(CREDENTIALS)).status).toBe(200);
  });
  expect(reports).toEqual([expect.objectContaining({ nodeName: 'node-1', heldSessions: [] })]);
  expect(JSON.parse((await get(CREDENTIALS)).body)).toMatchObject({ AccessKeyId: 'ASIA1' });
  expect((await get('/latest/meta-data/iam/security-credentials/other')).status).toBe(403);
  await clock.advance(10_000);
  await soon(() => {
    expect(reports[1]).toMatchObject({
      usedSessionIds: ['s1'],
      firstDeliveries: [{ podUid: 'u1', sessionId: 's1' }],
    });
  });
  const { '': good, RoleMismatch } = reports[1]?.answersByReason ?? {};
  expect([Number(good) >= 2, RoleMismatch]).toEqual([true, 1]);
});

it('An agent that has stopped accepts no more requests', async () => {
  const { stop, get } = await setup();
  await soon(async () => {
    expect((await get(CREDENTIALS)).status).toBe(200);
  });
  await stop();
  expect((await get(CREDENTIALS)).status).toBe(0);
});

it('An agent without reconcile reports nothing of the interception, and sends IMDS no request of its own', async () => {
  const { clock, reports, imds, metrics, ops } = await setup();
  await soon(async () => {
    expect((await ops('/readyz')).status).toBe(200);
  });
  await clock.advance(600_000);
  expect(imds.requests).toEqual([]);
  expect(await metrics(/^rolegate_(reader|interception|node)/)).toEqual([]);
  expect(reports.map(({ interception }) => interception)).toEqual([null]);
  expect((await ops('/readyz?verbose')).body).toContain('[!]interception unknown; set --cni-socket');
});

it('An agent counts everything that it remembers by names that others choose', async () => {
  const { metrics, get } = await setup(SERVING);
  await soon(async () => {
    expect((await get(CREDENTIALS)).status).toBe(200);
  });
  const counted = (await metrics(/^rolegate_remembered_names/)).map((line) => /of="(\w+)"/.exec(line)?.[1]);
  expect(counted.sort()).toEqual(memoryKinds);
});
