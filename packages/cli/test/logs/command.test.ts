import { eventually } from '@rolegate/testing';
import { describe, expect, it } from 'vitest';
import type { CommandCall } from '../../src/command-line/command.ts';
import { createConnection } from '../../src/cluster/connection.ts';
import { showLogs } from '../../src/logs/command.ts';
import type { logsFlags } from '../../src/logs/flags.ts';
import { refusal, stamped } from '../log-lines.ts';
import { recordedOutput } from '../recorded-output.ts';
import { startStandInCluster } from '../stand-in-cluster.ts';
import type { StandInCluster, StandInPod } from '../stand-in-cluster.ts';

type Values = CommandCall<typeof logsFlags>['values'];

const defaults: Values = {
  namespace: undefined,
  pod: undefined,
  role: undefined,
  reason: undefined,
  node: undefined,
  // The lines' time is fixed. 100 years.
  since: 3_153_600_000_000,
  follow: false,
  'max-streams': 200,
  output: 'text',
  kubeconfig: undefined,
  context: undefined,
  as: undefined,
  'rolegate-namespace': undefined,
};
const SOON = { withinMs: 20_000, everyMs: 20 };

function agent(node: string, lines: readonly string[] = []): StandInPod {
  return { name: `agent-${node}`, node, component: 'agent', logs: { agent: lines } };
}

function serverPod(lines: readonly string[]): StandInPod {
  return { name: 'server-0', node: 'node-s', component: 'server', logs: { server: lines } };
}

function start(cluster: StandInCluster, values: Partial<Values> = {}) {
  const output = recordedOutput();
  const connection = createConnection(cluster.kubeConfig);
  const stop = new AbortController();
  const code = showLogs(connection, {
    values: { ...defaults, ...values },
    words: [],
    env: {},
    output,
    signal: stop.signal,
  }).finally(() => {
    connection.close();
  });
  const lines = () => output.printed().split('\n').slice(1, -1);
  return { output, code, stop, lines };
}

describe('kubectl rolegate logs', () => {
  it('merges the logs of agents and servers by time and leaves out other containers', async () => {
    await using cluster = await startStandInCluster([
      agent('a', [stamped(10, refusal()), stamped(30, { msg: 'feed lost' })]),
      agent('b', [stamped(20, { msg: 'feed connected' })]),
      serverPod([stamped(15, { msg: 'agent connected', node: 'b' })]),
    ]);
    const { code, lines } = start(cluster);
    expect(await code).toBe(0);
    expect(lines().map((line) => line.slice(0, 12))).toEqual([
      '07:00:00.010',
      '07:00:00.015',
      '07:00:00.020',
      '07:00:00.030',
    ]);
    expect(cluster.requests.some((request) => request.includes('mesh-proxy'))).toBe(false);
  });

  it("shows a request of the agent together with the server's lines about it", async () => {
    await using cluster = await startStandInCluster([
      agent('a', [stamped(20, refusal({ requestId: 'r1' }))]),
      agent('b', [stamped(15, { msg: 'feed connected' })]),
      serverPod([stamped(10, { msg: 'cannot resolve address to Pod', requestId: 'r1' })]),
    ]);
    const { code, lines } = start(cluster);
    await code;
    expect(lines()[0]).toContain('cannot resolve address');
    expect(lines()[1]).toContain('└ GET credentials → 403');
  });

  it("shows the server's line about a Pod's request, although it does not name the Pod", async () => {
    await using cluster = await startStandInCluster([
      agent('a', [
        stamped(20, refusal({ requestId: 'r1' })),
        stamped(30, refusal({ requestId: 'r2', pod: 'till-0' })),
      ]),
      serverPod([
        stamped(10, { msg: 'cannot resolve address to Pod', requestId: 'r1' }),
        stamped(11, { msg: 'cannot resolve address to Pod', requestId: 'r2' }),
      ]),
    ]);
    const { code, lines } = start(cluster, { pod: 'cart-0' });
    await code;
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toContain('cannot resolve address');
    expect(lines()[1]).toContain('shop/cart-0');
  });

  it('prints every line as JSON with its origin', async () => {
    await using cluster = await startStandInCluster([
      agent('a', [stamped(10, refusal()), stamped(11, refusal()), '2026-11-30T07:00:01Z panic: no']),
    ]);
    const { code, output } = start(cluster, { output: 'json' });
    await code;
    const parsed = output
      .printed()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const kubernetes = { namespace: 'rolegate', pod: 'agent-a', container: 'agent', node: 'a' };
    expect(parsed).toMatchObject([
      { reason: 'NamespaceDenied', kubernetes },
      { reason: 'NamespaceDenied', kubernetes },
      { text: 'panic: no', time: '2026-11-30T07:00:01.000Z', kubernetes },
    ]);
  });

  it('names a missing right once, shows what it may, and ends with 3', async () => {
    await using cluster = await startStandInCluster([
      agent('a', [stamped(10, refusal())]),
      agent('b'),
      agent('c'),
      { ...agent('d', [stamped(10, refusal())]), namespace: 'other' },
    ]);
    cluster.forbidden.add('get pods/log in rolegate');
    const { code, output, lines } = start(cluster);
    expect(await code).toBe(3);
    expect(lines()).toHaveLength(1);
    expect(output.notes).toEqual([
      expect.stringContaining('missing right: get pods/log in Namespace rolegate'),
    ]);
    expect(output.notes[0]).toContain('the logs of 3 containers are missing');
  });

  it('does not say that no line matches if the logs cannot be read', async () => {
    await using cluster = await startStandInCluster([agent('a', [stamped(10, refusal())])]);
    cluster.forbidden.add('get pods/log');
    const { code, output } = start(cluster);
    expect(await code).toBe(3);
    expect(output.notes).toEqual([expect.stringContaining('missing right: get pods/log')]);
  });

  it('searches the usual Namespace if it may not list the Pods of all', async () => {
    await using cluster = await startStandInCluster([agent('a', [stamped(10, refusal())])]);
    cluster.forbidden.add('list pods in all');
    const { code, output, lines } = start(cluster);
    expect(await code).toBe(0);
    expect(output.notes[0]).toContain(
      'missing right: list pods in all Namespaces; searching only Namespace rolegate',
    );
    expect(lines()).toHaveLength(1);
  });

  it('says that nothing is installed, and ends with 3', async () => {
    await using cluster = await startStandInCluster();
    const { code, output } = start(cluster);
    expect(await code).toBe(3);
    expect(output.notes).toEqual([expect.stringContaining('no agents or servers in any Namespace')]);
  });

  it('reads only the agent of a node and the servers for --node', async () => {
    await using cluster = await startStandInCluster([agent('a'), agent('b'), serverPod([])]);
    const { code } = start(cluster, { node: 'b' });
    await code;
    expect(
      cluster.requests.filter((request) => request.includes('/log?')).map((request) => request.split('/')[6]),
    ).toEqual(expect.arrayContaining(['agent-b', 'server-0']));
    expect(cluster.requests.some((request) => request.includes('agent-a'))).toBe(false);
  });

  it('follows Pods that come and go', async () => {
    await using cluster = await startStandInCluster([agent('a')]);
    const { code, stop, output } = start(cluster, { follow: true });
    await eventually(() => {
      expect(cluster.requests.some((request) => request.includes('watch=true'))).toBe(true);
    }, SOON);
    cluster.add(agent('b', [stamped(10, { msg: 'agent listening' })]));
    await eventually(() => {
      expect(output.printed()).toContain('agent listening');
    }, SOON);
    cluster.remove('agent-b');
    cluster.write('agent-a', 'agent', stamped(20, refusal()));
    await eventually(() => {
      expect(output.printed()).toContain('NamespaceDenied');
    }, SOON);
    stop.abort();
    expect(await code).toBe(0);
    expect(output.notes).toEqual([]);
  });

  it('continues a stream that ended, without repeating its lines', async () => {
    await using cluster = await startStandInCluster([agent('a', [stamped(10, { msg: 'agent listening' })])]);
    const { code, stop, output } = start(cluster, { follow: true });
    await eventually(() => {
      expect(output.printed()).toContain('agent listening');
    }, SOON);
    cluster.endStreams('agent-a');
    cluster.write('agent-a', 'agent', stamped(20, { msg: 'feed lost' }));
    await eventually(() => {
      expect(output.printed()).toContain('feed lost');
    }, SOON);
    stop.abort();
    await code;
    expect(output.printed().match(/agent listening/g)).toHaveLength(1);
  });

  it('follows no more containers than allowed, and says so', async () => {
    await using cluster = await startStandInCluster([
      agent('a', [stamped(10, refusal())]),
      agent('b'),
      agent('c'),
    ]);
    const { code, stop, output } = start(cluster, { follow: true, 'max-streams': 1 });
    await eventually(() => {
      expect(output.printed()).toContain('NamespaceDenied');
    }, SOON);
    stop.abort();
    await code;
    expect(output.notes).toEqual([
      'following the logs of only 1 containers; narrow them with --node, or raise --max-streams',
    ]);
    expect(cluster.requests.filter((request) => request.includes('/log?'))).toHaveLength(1);
  });

  it('follows without the right to watch, and names it', async () => {
    await using cluster = await startStandInCluster([agent('a')]);
    cluster.forbidden.add('watch pods');
    const { code, stop, output } = start(cluster, { follow: true });
    cluster.write('agent-a', 'agent', stamped(10, refusal()));
    await eventually(() => {
      expect(output.printed()).toContain('NamespaceDenied');
    }, SOON);
    stop.abort();
    expect(await code).toBe(0);
    expect(output.notes).toEqual([expect.stringContaining('missing right: watch pods in all Namespaces')]);
  });
});
