import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../src/answers/answer.ts';
import { gather } from '../../src/doctor/gather.ts';
import { AGENT_LABELS, AT_MS, agentStatus } from './cluster-setup.ts';
import { healthyStandIn, nodeObject, podObject } from './stand-in-access.ts';
import type { StandIn } from './stand-in-access.ts';

const SYSTEM_PODS = '/api/v1/namespaces/kube-system/pods';

function gathered(
  standIn: StandIn,
  more: { readonly node?: string; readonly progress?: (line: string) => void } = {},
) {
  return gather({
    ...standIn.access,
    namespace: undefined,
    node: more.node,
    signal: new AbortController().signal,
    note: () => undefined,
    progress: more.progress ?? (() => undefined),
    now: () => AT_MS,
  });
}

/** A Pod of a DaemonSet as large as they are. */
function largePod(name: string, more: object = {}): object {
  return {
    ...podObject(name, 'kube-system', { node: 'node-0', labels: { 'k8s-app': 'cni' } }),
    ...more,
    metadata: { name, namespace: 'kube-system', labels: { 'k8s-app': 'cni' }, managedFields: largeFields() },
  };
}

function largeFields(): object {
  return Array.from({ length: 10 }, (_, at) => ({ [`f:${at}`]: 'x'.repeat(100) }));
}

/** Megabytes, without garbage. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1_048_576;
}

describe('What doctor reads', () => {
  it('keeps little of 5,000 nodes and 15,000 Pods, and tells how far it is', async () => {
    const nodes = Array.from({ length: 5_000 }, (_, at) => `ip-10-0-${at}.eu-central-1.compute.internal`);
    const standIn = healthyStandIn({ nodes });
    standIn.lists.set(
      '/api/v1/nodes',
      nodes.map((name) => ({ ...nodeObject(name), images: largeFields() })),
    );
    standIn.lists.set(
      SYSTEM_PODS,
      Array.from({ length: 10_000 }, (_, at) => largePod(`cni-${at}`)),
    );
    const told: string[] = [];
    const before = heapUsed();
    const cluster = await gathered(standIn, { progress: (line) => told.push(line) });
    const kept = heapUsed() - before;
    expect(valueOf(cluster.nodes)).toHaveLength(5_000);
    expect(cluster.agents).toHaveLength(5_000);
    expect(valueOf(cluster.systemPods)).toEqual([]);
    // Pages of 500.
    expect(standIn.requests.filter((request) => request.startsWith(SYSTEM_PODS))).toHaveLength(20);
    expect(told).toContain('asked 5000 of 5000 agents');
    expect(kept).toBeLessThan(40);
  });

  it('asks an agent only once, because one that hangs takes its time', async () => {
    const { access, ...standIn } = healthyStandIn({ nodes: ['node-0'] });
    const asked: string[] = [];
    const exec: typeof access.exec = (program) => {
      if (program.container === 'agent') asked.push(program.pod);
      return access.exec(program);
    };
    await gathered({ ...standIn, access: { ...access, exec } });
    expect(asked).toHaveLength(1);
  });

  it('keeps the Pods of kube-system that checks read, and no others', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    const proxy = {
      metadata: { name: 'kube-proxy-x', namespace: 'kube-system', labels: { 'k8s-app': 'kube-proxy' } },
      spec: { containers: [{ name: 'kube-proxy', command: ['kube-proxy', '--proxy-mode=ipvs'] }] },
    };
    const sharing = {
      metadata: { name: 'sharing', namespace: 'kube-system' },
      spec: { hostNetwork: true, securityContext: { runAsUser: 2_100_008_181 }, containers: [{ name: 'x' }] },
    };
    const kiam = {
      metadata: { name: 'kiam', namespace: 'kube-system' },
      spec: { containers: [{ name: 'x', image: 'quay.io/uswitch/kiam:v4.2' }] },
    };
    standIn.lists.set(SYSTEM_PODS, [largePod('cni'), proxy, sharing, kiam]);
    const kept = valueOf((await gathered(standIn)).systemPods) ?? [];
    expect(kept.map(({ metadata }) => metadata?.name)).toEqual(['kube-proxy-x', 'sharing', 'kiam']);
    expect(kept[0]?.spec?.containers[0]?.command).toEqual(['kube-proxy', '--proxy-mode=ipvs']);
  });

  it("reads kube-proxy's configuration under the name that EKS gives it", async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    standIn.objects.delete('/api/v1/namespaces/kube-system/configmaps/kube-proxy');
    expect((await gathered(standIn)).kubeProxyConfig).toEqual({ value: undefined });
    standIn.objects.set('/api/v1/namespaces/kube-system/configmaps/kube-proxy-config', {
      data: { config: 'mode: "ipvs"\n' },
    });
    expect((await gathered(standIn)).kubeProxyConfig).toEqual({ value: 'mode: "ipvs"\n' });
  });

  it('reads a Namespace that vanishes meanwhile as none', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    standIn.objects.delete('/api/v1/namespaces/rolegate');
    expect((await gathered(standIn)).namespaces).toEqual({ value: [] });
  });

  it('reads a kind that the API server does not have as none', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    standIn.lists.delete('/apis/apps/v1/daemonsets');
    expect((await gathered(standIn)).daemonSets).toEqual({ value: [] });
  });

  it('asks each Pod once, although a list that expires on the way repeats its objects', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    const pods = standIn.lists.get('/api/v1/pods') ?? [];
    standIn.lists.set('/api/v1/pods', [...pods, ...pods]);
    standIn.lists.set('/api/v1/namespaces/rolegate/pods', [...pods, ...pods]);
    const cluster = await gathered(standIn);
    expect(cluster.agents).toHaveLength(1);
    expect(valueOf(cluster.pods)).toHaveLength(2);
  });

  it('does not keep what an agent says of its Pods', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    const pods = [{ namespace: 'shop', name: 'cart', uid: 'u', state: 'ok' }];
    standIn.programs.set('rolegate/agent-node-0', { ...agentStatus('node-0'), pods });
    expect(valueOf((await gathered(standIn)).agents[0]?.status)?.pods).toEqual([]);
  });

  it('keeps of a log only the newest lines that checks read', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    const rules = { interception: { ...(agentStatus('')['interception'] as object), foreignRules: 1 } };
    standIn.programs.set('rolegate/agent-node-0', { ...agentStatus('node-0'), ...rules });
    const line = (rule: string) =>
      `2026-11-30T07:00:00Z ${JSON.stringify({ msg: 'foreign rule for a metadata address', rule })}`;
    standIn.logs.set('rolegate/agent-node-0/reconcile', [
      '2026-11-30T07:00:00Z {"msg":"agent connected"}',
      ...Array.from({ length: 1_000 }, (_, at) => line(`rule ${at}`)),
      '2026-11-30T07:00:00Z {"msg":"agent disconnected"}',
    ]);
    const lines = (await gathered(standIn)).agents[0]?.lines ?? [];
    expect(lines).toHaveLength(50);
    expect(lines.at(-1)).toMatchObject({ rule: 'rule 999' });
  });

  it('keeps a line although a more frequent one came often since', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0'] });
    const rules = { interception: { ...(agentStatus('')['interception'] as object), repairs: { nat: 200 } } };
    standIn.programs.set('rolegate/agent-node-0', { ...agentStatus('node-0'), ...rules });
    standIn.logs.set('rolegate/agent-node-0/reconcile', [
      '2026-11-30T07:00:00Z {"msg":"interception incomplete","error":"nat: iptables-restore failed"}',
      ...Array.from({ length: 200 }, () => '2026-11-30T07:00:01Z {"msg":"interception repaired"}'),
    ]);
    const lines = (await gathered(standIn)).agents[0]?.lines ?? [];
    expect(lines).toHaveLength(51);
    expect(lines[0]).toMatchObject({ error: 'nat: iptables-restore failed' });
  });

  it('leaves out agents that are not on the node that is asked for', async () => {
    const standIn = healthyStandIn({ nodes: ['node-0', 'node-1'] });
    const elsewhere = podObject('agent-2', 'rolegate', { node: 'node-1', labels: AGENT_LABELS });
    standIn.lists.set('/api/v1/pods', [...(standIn.lists.get('/api/v1/pods') ?? []), elsewhere]);
    const cluster = await gathered(standIn, { node: 'node-0' });
    expect(standIn.requests).toContainEqual(
      expect.stringMatching(
        /^\/api\/v1\/namespaces\/kube-system\/pods\?fieldSelector=spec.nodeName%3Dnode-0/,
      ),
    );
    expect(cluster.agents.map(({ node }) => node)).toEqual(['node-0']);
    expect(cluster.servers).toHaveLength(1);
  });
});
