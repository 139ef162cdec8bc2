import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { startFeedServer } from './feed-server.ts';
import { createFolder, createTappedResults, startReconcile, STATE } from './reconcile/setup.ts';
import { soon, startAgent } from './whole-agent.ts';

const IP = '127.9.0.77';
const CREDENTIALS = '/latest/meta-data/iam/security-credentials/app';
/** Longer than any pause before a connection attempt to reconcile, and shorter than a hold. Milliseconds. */
const MOMENT_MS = 700;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A whole agent that learns of its Pods from reconcile, which the test starts. */
async function setup() {
  const { folder, path, ...place } = await createFolder();
  closing.push(() => place[Symbol.asyncDispose]());
  const server = await startFeedServer(folder);
  closing.push(server.close);
  const agent = await startAgent(['--cni-socket', path, ...server.argv]);
  closing.push(() => agent[Symbol.asyncDispose]());
  const { clock, log } = agent;
  const results = createTappedResults({ log });
  results.give('u1', [IP]);
  const connections = new Agent({ keepAlive: true, maxSockets: 1 });
  closing.push(() => {
    connections.destroy();
  });
  await soon(async () => {
    expect((await agent.ops('/readyz?verbose')).body).toContain('[+]table ok');
  });
  return {
    ...agent,
    results,
    reports: server.reports,
    async read() {
      const { length } = agent.lines('connected to reconcile');
      const reader = await startReconcile({ path, clock, log, results });
      closing.push(reader.stop);
      await soon(async () => {
        await clock.advance(20);
        expect(agent.lines('connected to reconcile').length).toBeGreaterThan(length);
      });
      return reader;
    },
    /** On one kept connection; the second value says whether it was reused. */
    get: () =>
      new Promise<readonly [status: number, kept: boolean]>((resolve) => {
        const options = { ...agent.address, path: CREDENTIALS, localAddress: IP, agent: connections };
        const call = request(options, (response) => {
          response.resume().on('end', () => {
            resolve([response.statusCode ?? 0, call.reusedSocket]);
          });
        });
        call.on('error', () => {
          resolve([0, call.reusedSocket]);
        });
        call.end();
      }),
    readyz: async () => {
      const { status, body } = await agent.ops('/readyz?verbose');
      return [status, /^\[.\]interception .*$/m.exec(body)?.[0]];
    },
  };
}

describe('Agent with reconcile', () => {
  it('An agent is ready and answers its Pods once reconcile has named the Pods and reported the rules as installed', async () => {
    const t = await setup();
    expect(await t.readyz()).toEqual([503, expect.stringMatching(/^\[-\]interception unknown; check that/)]);
    const { interception } = await t.read();
    await soon(async () => {
      expect(await t.get()).toEqual([200, expect.any(Boolean)]);
      expect(await t.readyz()).toEqual([200, '[+]interception ok']);
    });
    interception.set({ layers: { ...STATE.layers, route: false }, repairs: { ...STATE.repairs, nat: 4 } });
    await soon(async () => {
      expect(await t.readyz()).toEqual([
        503,
        expect.stringMatching(/^\[-\]interception not fully installed: route; /),
      ]);
    });
    expect(await t.metrics(/^rolegate_interception_(ok|repairs_total)\{layer="(nat|route)"\}/)).toEqual([
      'rolegate_interception_repairs_total{layer="nat"} 4',
      'rolegate_interception_repairs_total{layer="route"} 2',
      'rolegate_interception_ok{layer="nat"} 1',
      'rolegate_interception_ok{layer="route"} 0',
    ]);
  });

  it('An agent tells the server the state of its rules, and each change', async () => {
    const t = await setup();
    const { interception } = await t.read();
    await t.clock.advance(10_000);
    interception.set({ layers: { ...STATE.layers, input: false } });
    await t.clock.advance(10_000);
    const told = () => t.reports.flatMap((report) => report.interception ?? []);
    await soon(() => {
      expect(told()).toMatchObject([
        { nat: true, filter: true, route: true, input: true },
        { nat: true, filter: true, route: true, input: false },
      ]);
    });
  });

  it('An agent asks the node’s IMDS once without a token when the rules are installed', async () => {
    const t = await setup();
    expect(t.imds.requests).toEqual([]);
    await t.read();
    await soon(async () => {
      expect(await t.metrics(/^rolegate_node_imdsv1_open/)).toEqual(['rolegate_node_imdsv1_open 0']);
    });
    expect(t.imds.requests.map(({ target }) => target)).toEqual(['/latest/meta-data/']);
  });

  it('CNI results that reconcile cannot read are counted by the agent, whose metrics operators see', async () => {
    const t = await setup();
    const { badResults } = await t.read();
    badResults.add();
    badResults.add();
    await soon(async () => {
      expect(await t.metrics(/^rolegate_cni_results_bad_total/)).toEqual([
        'rolegate_cni_results_bad_total 2',
      ]);
    });
  });

  it('Requests are held while reconcile restarts, and answered on their own connection', async () => {
    const t = await setup();
    const { stop } = await t.read();
    await soon(async () => {
      expect(await t.get()).toEqual([200, true]);
    });
    await stop();
    await soon(() => {
      expect(t.lines('connection to reconcile lost').length).toBeGreaterThan(0);
    });
    const held = t.get();
    await t.clock.advance(100);
    await t.read();
    expect(await held).toEqual([200, true]);
    expect(await t.readyz()).toEqual([200, '[+]interception ok']);
  });

  it('Requests get 503 while reconcile is unavailable, and later if the feed lacks the new owner; the log says which', async () => {
    const t = await setup();
    const { stop } = await t.read();
    await soon(async () => {
      expect(await t.get()).toEqual([200, true]);
    });
    await stop();
    const held = t.get();
    await soon(async () => {
      await t.clock.advance(10);
      expect(t.lines('request refused').at(-1)).toMatchObject({
        reason: 'HeldTimeout',
        waitedFor: 'rolegate-agent reconcile, which reads the CNI results',
      });
    });
    expect(await held).toEqual([503, true]);
    t.results.takeBack('u1');
    t.results.give('u2', [IP]);
    await t.read();
    const other = t.get();
    await soon(async () => {
      await t.clock.advance(MOMENT_MS);
      expect(t.lines('request refused').at(-1)).toMatchObject({
        waitedFor: 'the feed to list Pod shop/pod-u2',
      });
    });
    expect((await other)[0]).toBe(503);
  });

  it('Two seconds after losing reconcile an agent falls back to Pod status, and stays ready', async () => {
    const t = await setup();
    const { stop } = await t.read();
    await soon(async () => {
      expect(await t.readyz()).toEqual([200, '[+]interception ok']);
    });
    await stop();
    await soon(async () => {
      await t.clock.advance(500);
      expect(t.lines('reconcile container unreachable')).toHaveLength(1);
    });
    expect(await t.metrics(/^rolegate_(ip_source|reader_connected|interception_ok)/)).toEqual([
      'rolegate_ip_source{source="cni"} 0',
      'rolegate_ip_source{source="pod-status"} 1',
      'rolegate_reader_connected 0',
    ]);
    expect(await t.readyz()).toEqual([200, '[+]interception ok']);
  });
});
