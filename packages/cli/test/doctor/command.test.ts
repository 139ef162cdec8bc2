import { describe, expect, it } from 'vitest';
import type { V1Pod } from '../../src/answers/objects.ts';
import type { CommandCall } from '../../src/command-line/command.ts';
import { examine } from '../../src/doctor/command.ts';
import type { Diagnosis } from '../../src/doctor/doctor.ts';
import type { doctorFlags } from '../../src/doctor/flags.ts';
import { recordedOutput } from '../recorded-output.ts';
import { AGENT_LABELS, AT_MS, SERVER_LABELS, agentStatus } from './cluster-setup.ts';
import { healthyStandIn, nodeObject, podObject } from './stand-in-access.ts';
import type { StandIn } from './stand-in-access.ts';

type Values = CommandCall<typeof doctorFlags>['values'];

const defaults: Values = {
  node: undefined,
  output: 'text',
  kubeconfig: undefined,
  context: undefined,
  as: undefined,
  'rolegate-namespace': undefined,
};

const TWO = { nodes: ['node-a', 'node-b'] };
const PODS = '/api/v1/namespaces/rolegate/pods';

async function run({ access }: StandIn, values: Partial<Values> = {}) {
  const output = recordedOutput();
  const call = {
    values: { ...defaults, ...values },
    words: [],
    env: {},
    output,
    signal: new AbortController().signal,
  };
  const code = await examine(access, call, () => AT_MS);
  return { code, output };
}

async function diagnosisOf(standIn: StandIn, values: Partial<Values> = {}) {
  const { code, output } = await run(standIn, { ...values, output: 'json' });
  return { code, notes: output.notes, ...(JSON.parse(output.printed()) as Diagnosis) };
}

/** Replaces fields of the status that an agent prints. */
function plant({ programs }: StandIn, node: string, status: object): void {
  programs.set(`rolegate/agent-${node}`, { ...agentStatus(node), ...status });
}

const interception = (more: object) => ({
  interception: { ...(agentStatus('')['interception'] as object), ...more },
});

describe('kubectl rolegate doctor', () => {
  it('says that all is well, with a row for each node, and ends with 0', async () => {
    const { code, output } = await run(healthyStandIn(TWO));
    expect(output.printed()).toMatch(/^node-a +\d.* 0$/m);
    expect(output.printed()).toContain('all is well; 2 of 2 nodes proven closed to Pods');
    expect(output.notes).toEqual([]);
    expect(code).toBe(0);
  });

  it('reads no logs of agents that are well', async () => {
    const standIn = healthyStandIn(TWO);
    await run(standIn);
    expect(standIn.requests.filter((request) => request.endsWith('/log'))).toEqual([]);
  });

  it('ends with 1 if there are errors, and prints the diagnosis as JSON', async () => {
    const standIn = healthyStandIn(TWO);
    plant(standIn, 'node-b', interception({ nodeImdsv1Open: true }));
    expect(await diagnosisOf(standIn)).toMatchObject({
      code: 1,
      healthy: false,
      complete: true,
      nodes: [
        { node: 'node-a', imdsv1: 'closed', findings: 0 },
        { node: 'node-b', imdsv1: 'OPEN', findings: 1 },
      ],
      findings: [{ severity: 'error', check: 'imdsv1', node: 'node-b' }],
    });
  });

  it("takes what cannot be repaired from the log of the agent's reconcile", async () => {
    const standIn = healthyStandIn(TWO);
    const layers = { nat: true, filter: false, route: true, input: true, ports: true };
    plant(standIn, 'node-b', interception({ layers }));
    const line = { msg: 'interception incomplete', error: 'filter: IPv6: chain ROLEGATE-DENY is missing' };
    standIn.logs.set('rolegate/agent-node-b/reconcile', [
      `2026-11-30T07:00:00Z ${JSON.stringify({ msg: 'interception installed' })}`,
      `2026-11-30T07:00:00Z ${JSON.stringify(line)}`,
      '2026-11-30T07:00:00Z not JSON',
    ]);
    const { code, findings } = await diagnosisOf(standIn);
    expect(findings).toMatchObject([
      {
        severity: 'warning',
        what: 'the rules of layer filter are not installed for IPv6: nat and route still deny',
        evidence: 'filter: IPv6: chain ROLEGATE-DENY is missing',
      },
    ]);
    expect(code).toBe(0);
  });

  it('says that rules are flushed again and again, although each time they are repaired', async () => {
    const standIn = healthyStandIn(TWO);
    plant(standIn, 'node-b', interception({ repairs: { filter: 40 } }));
    const repaired = JSON.stringify({ msg: 'interception repaired', faults: ['filter: chain is missing'] });
    standIn.logs.set(
      'rolegate/agent-node-b/reconcile',
      Array.from(
        { length: 40 },
        (_, at) => `2026-11-30T07:00:${String(at % 30).padStart(2, '0')}Z ${repaired}`,
      ),
    );
    expect((await diagnosisOf(standIn)).findings).toMatchObject([
      {
        severity: 'warning',
        what: 'something changes the rules again and again, and each time they are repaired: layer filter',
        evidence: expect.stringContaining('40 repairs in the last hour') as string,
      },
    ]);
  });

  it('finds only the node of --node, and nothing about the others', async () => {
    const standIn = healthyStandIn(TWO);
    plant(standIn, 'node-a', interception({ nodeImdsv1Open: true }));
    const { code, nodes, findings } = await diagnosisOf(standIn, { node: 'node-b' });
    expect(nodes.map(({ node }) => node)).toEqual(['node-b']);
    expect(findings).toEqual([]);
    expect(code).toBe(0);
  });

  it('says that there is no such node, and ends with 3', async () => {
    const { code, output } = await run(healthyStandIn(TWO), { node: 'node-x' });
    expect(output.notes).toEqual(['there is no node node-x; kubectl get nodes lists them']);
    expect(code).toBe(3);
  });

  it.each([
    { right: 'list nodes', names: 'list nodes', row: 'nodes cannot be read; not checked in full: agents' },
    { right: 'list daemonsets.apps', names: 'list daemonsets.apps', row: 'DaemonSets cannot be read' },
    {
      right: 'list pods in kube-system',
      names: 'list pods in Namespace kube-system',
      row: 'the Pods of kube-system',
    },
    {
      right: 'get configmaps',
      names: 'get configmaps in Namespace kube-system',
      row: "kube-proxy's ConfigMap",
    },
    { right: 'get namespaces', names: 'get namespaces', row: 'Namespaces cannot be read' },
    {
      right: 'create pods/exec in rolegate',
      names: 'get and create pods/exec in Namespace rolegate',
      row: 'the status of agents and servers cannot be read; not checked in full: rules, imdsv1',
    },
  ])(
    'names the missing right to $right once, leaves its checks out, and ends with 3',
    async ({ right, names, row }) => {
      const standIn = healthyStandIn(TWO);
      standIn.forbidden.add(right);
      const { code, notes, findings, complete, verdict } = await diagnosisOf(standIn);
      expect(notes).toEqual([expect.stringContaining(`missing right: ${names}`)]);
      expect(findings).toMatchObject([
        { severity: 'warning', check: 'rights', what: expect.stringContaining(row) as string },
      ]);
      expect(complete).toBe(false);
      expect(verdict).not.toContain('all is well');
      expect(code).toBe(3);
    },
  );

  it('names the missing right to read logs once, if a log is worth reading', async () => {
    const standIn = healthyStandIn(TWO);
    for (const node of TWO.nodes) plant(standIn, node, interception({ foreignRules: 2 }));
    standIn.forbidden.add('get pods/log');
    const { code, notes, findings } = await diagnosisOf(standIn);
    expect(notes).toEqual([expect.stringContaining('missing right: get pods/log in Namespace rolegate')]);
    expect(findings.map(({ check }) => check)).toEqual(['leftovers', 'leftovers', 'rights']);
    expect(code).toBe(3);
  });

  it('does what it can without the right to list any Pods', async () => {
    const standIn = healthyStandIn(TWO);
    standIn.forbidden.add('list pods');
    const { code, notes, nodes, findings } = await diagnosisOf(standIn);
    expect(nodes).toMatchObject([{ agent: '?' }, { agent: '?' }]);
    expect(findings.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^the status of agents and servers cannot be read/),
    );
    expect(notes).toHaveLength(3);
    expect(code).toBe(3);
  });

  it('runs a program only once where it may not', async () => {
    const standIn = healthyStandIn({ nodes: Array.from({ length: 50 }, (_, at) => `node-${at}`) });
    standIn.forbidden.add('create pods/exec in rolegate');
    let tries = 0;
    const { exec } = standIn.access;
    const access = {
      ...standIn.access,
      exec(program: Parameters<typeof exec>[0]) {
        tries += 1;
        return exec(program);
      },
    };
    await run({ ...standIn, access });
    expect(tries).toBe(1);
  });

  it('shows an agent that does not answer as a row, and says what it last told a server', async () => {
    const standIn = healthyStandIn(TWO);
    standIn.programs.set('rolegate/agent-node-b', { kind: 'failed', fault: 'no answer within 5 s' });
    const { code, nodes, findings } = await diagnosisOf(standIn);
    expect(nodes[1]).toMatchObject({ node: 'node-b', agent: 'NO ANSWER', rules: '?', findings: 1 });
    expect(findings).toMatchObject([
      { severity: 'error', node: 'node-b', evidence: 'rolegate/agent-node-b: no answer within 5 s' },
    ]);
    expect(code).toBe(1);
  });

  it('does not wait for the agents of nodes that are gone or NotReady', async () => {
    const standIn = healthyStandIn({ nodes: ['node-a', 'node-b', 'node-c'] });
    const silent = {
      ...nodeObject('node-b'),
      status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
    };
    standIn.lists.set('/api/v1/nodes', [nodeObject('node-a'), silent]);
    standIn.programs.delete('rolegate/agent-node-b');
    const { code, findings } = await diagnosisOf(standIn);
    expect(findings).toMatchObject([
      { severity: 'warning', node: 'node-b', what: 'the node is NotReady: nothing is known about its rules' },
      { severity: 'info', node: 'node-c', what: 'its agent Pod remains, but the node is gone' },
    ]);
    expect(code).toBe(0);
  });

  it('asks the agents of a cluster that shows no nodes', async () => {
    const standIn = healthyStandIn(TWO);
    standIn.lists.set('/api/v1/nodes', []);
    expect(await diagnosisOf(standIn)).toMatchObject({
      code: 0,
      nodes: [{ node: 'node-a', rules: 'ok' }, { node: 'node-b' }],
      verdict: 'all is well; 2 of 2 nodes proven closed to Pods',
    });
  });

  it('asks the Pod of an agent that is ready while another replaces it', async () => {
    const standIn = healthyStandIn(TWO);
    const next = {
      ...podObject('agent-next', 'rolegate', { node: 'node-b', labels: AGENT_LABELS }),
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
    };
    for (const path of ['/api/v1/pods', PODS])
      standIn.lists.set(path, [next, ...(standIn.lists.get(path) ?? [])]);
    expect(await diagnosisOf(standIn)).toMatchObject({ code: 0, findings: [] });
  });

  it('neither asks nor judges a Pod that is stopping', async () => {
    const standIn = healthyStandIn(TWO);
    const old = podObject('agent-old', 'rolegate', { node: 'node-b', labels: AGENT_LABELS }) as V1Pod;
    const notReady = { name: 'agent', ready: false, restartCount: 0, state: { running: {} } };
    const stopping = {
      ...old,
      metadata: { ...old.metadata, ownerReferences: [], deletionTimestamp: '2026-11-30T07:00:00Z' },
      status: { ...old.status, containerStatuses: [notReady] },
    };
    for (const path of ['/api/v1/pods', PODS])
      standIn.lists.set(path, [stopping, ...(standIn.lists.get(path) ?? [])]);
    expect(await diagnosisOf(standIn)).toMatchObject({ code: 0, findings: [] });
  });

  it('says that two releases contend for a node', async () => {
    const standIn = healthyStandIn(TWO);
    const other = podObject('agent-other', 'iam', { node: 'node-b', labels: AGENT_LABELS });
    standIn.lists.set('/api/v1/pods', [...(standIn.lists.get('/api/v1/pods') ?? []), other]);
    standIn.lists.set('/api/v1/namespaces/iam/pods', [other]);
    standIn.programs.set('iam/agent-other', agentStatus('node-b'));
    const { code, findings } = await diagnosisOf(standIn);
    expect(findings).toMatchObject([
      {
        severity: 'error',
        check: 'agents',
        node: 'node-b',
        what: 'agents of two releases of Rolegate run on the node, and contend for its rules and ports',
      },
    ]);
    expect(code).toBe(1);
  });

  it('says that there is no server, unless no agent needs one', async () => {
    const standIn = healthyStandIn({ nodes: ['node-a'] });
    const agents = [podObject('agent-node-a', 'rolegate', { node: 'node-a', labels: AGENT_LABELS })];
    standIn.lists.set('/api/v1/pods', agents).set(PODS, agents);
    expect((await diagnosisOf(standIn)).findings).toMatchObject([
      { severity: 'error', check: 'server', what: 'there is no server: Pods get no new credentials' },
    ]);
    plant(standIn, 'node-a', { mode: 'firewall', server: undefined });
    expect((await diagnosisOf(standIn)).findings).toEqual([]);
  });

  it('says that nothing is installed, and that all nodes are open', async () => {
    const standIn = healthyStandIn(TWO);
    standIn.lists.set('/api/v1/pods', []).set('/apis/apps/v1/daemonsets', []);
    const { code, notes, findings } = await diagnosisOf(standIn);
    expect(notes).toEqual([expect.stringContaining('no agents or servers are found')]);
    expect(findings.filter(({ check }) => check === 'agents')).toMatchObject([
      { node: 'node-a', evidence: 'there is no DaemonSet of agents' },
      { node: 'node-b' },
    ]);
    expect(code).toBe(1);
  });

  it('keeps one server that does not answer apart from all of them', async () => {
    const standIn = healthyStandIn({ nodes: ['node-a'] });
    const second = podObject('server-1', 'rolegate', { node: 'node-a', labels: SERVER_LABELS });
    for (const path of ['/api/v1/pods', PODS])
      standIn.lists.set(path, [...(standIn.lists.get(path) ?? []), second]);
    expect((await diagnosisOf(standIn)).findings).toMatchObject([
      { severity: 'warning', check: 'server', what: 'a server does not answer, others do' },
    ]);
  });

  it('reads an agent of 0.1 that prints less, and its log instead', async () => {
    const standIn = healthyStandIn(TWO);
    const server = agentStatus('node-b')['server'] as object;
    standIn.programs.set('rolegate/agent-node-b', {
      version: '0.1.0',
      node: 'node-b',
      mode: 'roles',
      server: { ...server, clockSkewMs: undefined },
      interception: { readerConnected: true, layers: { nat: true, filter: true, route: true } },
      addresses: { source: 'cni', directories: {} },
      pods: [],
    });
    standIn.logs.set('rolegate/agent-node-b/agent', [
      `2026-11-30T07:00:00Z ${JSON.stringify({ msg: 'clock skew between node and server', skewMs: 61_000 })}`,
    ]);
    const { findings } = await diagnosisOf(standIn);
    expect(findings.map(({ check }) => check)).toEqual(['clock', 'versions']);
  });
});
