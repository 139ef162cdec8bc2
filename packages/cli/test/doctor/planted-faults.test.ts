import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/doctor/doctor.ts';
import { diagnosisText } from '../../src/doctor/diagnosis-text.ts';
import type { CheckName, Severity } from '../../src/doctor/finding.ts';
import {
  AGENT_LABELS,
  LAYERS,
  agentPod,
  pendingPod,
  cluster,
  daemonSet,
  node,
  reading,
  serverFacts,
} from './cluster-setup.ts';
import { createColors } from '../../src/output/colors.ts';
import type { Planted } from './cluster-setup.ts';

interface Case extends Planted {
  readonly fault: string;
  readonly severity: Severity;
  readonly check: CheckName;
  readonly on?: string;
  readonly what: string;
  readonly evidence: string;
  readonly fix: string;
}

/** The width of output that is not a terminal's. */
const WIDE = { width: 120, colors: createColors(false) };
const LOST_FEED = { connected: false, server: undefined, sinceSeconds: 90 };
const interception = (more: object) => ({ interception: { readerConnected: true, layers: LAYERS, ...more } });
const incomplete = (error: string) => ({
  time: '2026-11-30T07:00:00Z',
  msg: 'interception incomplete',
  error,
});

const cases: readonly Case[] = [
  {
    fault: 'STS that throttles',
    server: {
      sessionsByState: { failing: { count: 2, reasons: { StsThrottled: 2 } } },
      sessions: [
        { role: 'arn:r', sessionName: 's', state: 'failing', reason: 'StsThrottled', error: 'Rate exceeded' },
      ],
    },
    severity: 'error',
    check: 'sts',
    what: 'StsThrottled: STS throttles the account',
    evidence: 'rolegate/server-0: 2 sessions; arn:r: Rate exceeded',
    fix: 'raise the STS quota',
  },
  {
    fault: "The server's own credentials expired",
    server: { checks: { 'own credentials': 'ServerCredentials: ExpiredToken' } },
    severity: 'error',
    check: 'sts',
    what: "STS does not take the server's own credentials",
    evidence: 'ExpiredToken',
    fix: 'repair the credential source of the server',
  },
  {
    fault: 'A base ARN that is not detected',
    server: { roleBaseArn: undefined },
    severity: 'error',
    check: 'sts',
    what: 'the role base ARN is not detected',
    evidence: 'rolegate/server-0',
    fix: '--role-base-arn (chart value roles.baseArn)',
  },
  {
    fault: 'Roles that do not trust the server',
    server: {
      sessionsByState: { failing: { count: 1, reasons: { StsAccessDenied: 1 } } },
      sessions: [
        {
          role: 'arn:r',
          sessionName: 's',
          state: 'failing',
          reason: 'StsAccessDenied',
          error: 'not authorized',
        },
      ],
    },
    severity: 'warning',
    check: 'sts',
    what: 'STS refuses roles: StsAccessDenied',
    evidence: 'arn:r: not authorized',
    fix: 'kubectl rolegate explain POD',
  },
  {
    fault: 'A node without an agent',
    moreNodes: [node('node-c', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })],
    severity: 'error',
    check: 'agents',
    on: 'node-c',
    what: 'no agent runs on the node',
    evidence: 'DaemonSet rolegate/rolegate-agent: it does not tolerate the taint gpu:NoSchedule',
    fix: 'let the DaemonSet tolerate the taints',
  },
  {
    fault: 'A node for which the DaemonSet creates no Pod',
    moreNodes: [node('node-c')],
    severity: 'error',
    check: 'agents',
    on: 'node-c',
    what: 'no agent runs on the node',
    evidence: 'DaemonSet rolegate/rolegate-agent has 2 of 2 Pods',
    fix: 'see the Events of the DaemonSet',
  },
  {
    fault: 'An agent that the scheduler does not place',
    moreNodes: [node('node-c')],
    morePods: [pendingPod('node-c', '0/3 nodes are available: 1 Insufficient memory.')],
    severity: 'error',
    check: 'agents',
    on: 'node-c',
    what: 'no agent runs on the node',
    evidence: 'rolegate/agent-next is not scheduled: 0/3 nodes are available: 1 Insufficient memory.',
    fix: 'make room on the node',
  },
  {
    fault: 'An agent that was evicted',
    moreNodes: [node('node-c')],
    morePods: [agentPod('node-c', { phase: 'Failed' })],
    severity: 'error',
    check: 'agents',
    on: 'node-c',
    what: 'no agent runs on the node',
    evidence: 'rolegate/agent-node-c is Failed',
    fix: 'kubectl describe pod -n rolegate agent-node-c',
  },
  {
    fault: 'An agent that does not answer',
    agentFault: 'no answer within 5 s',
    server: {
      agents: [{ node: 'node-b', connectedForSeconds: 60, interception: { nat: true, filter: false } }],
    },
    severity: 'error',
    check: 'agents',
    on: 'node-b',
    what: 'the agent does not answer',
    evidence:
      'rolegate/agent-node-b: no answer within 5 s; its feed is connected to a server for 1m, its rules: lost: filter',
    fix: 'kubectl describe pod -n rolegate agent-node-b',
  },
  {
    fault: 'Rules flushed in one layer that cannot be repaired',
    status: interception({ layers: { ...LAYERS, filter: false }, repairs: { filter: 9 } }),
    // Each attempt is logged, and counted.
    lines: [
      incomplete('filter: chain ROLEGATE-DENY is missing'),
      {
        time: '2026-11-30T07:00:00Z',
        msg: 'interception repaired',
        faults: ['filter: chain ROLEGATE-DENY is missing'],
      },
    ],
    severity: 'warning',
    check: 'rules',
    on: 'node-b',
    what: 'the rules of layer filter are not installed: nat and route still deny',
    evidence: 'filter: chain ROLEGATE-DENY is missing',
    fix: "find the program that changes the node's rules",
  },
  {
    fault: 'Rules flushed in one layer and repaired meanwhile',
    status: interception({ repairs: { filter: 1 } }),
    lines: [
      {
        time: '2026-11-30T07:00:00Z',
        msg: 'interception repaired',
        faults: ['filter: chain ROLEGATE-DENY is missing'],
      },
    ],
    severity: 'warning',
    check: 'rules',
    on: 'node-b',
    what: 'something changed the rules, and they were repaired: layer filter',
    evidence: '30s ago: filter: chain ROLEGATE-DENY is missing; repairs since reconcile started: filter 1',
    fix: 'find the program',
  },
  {
    fault: 'IPv6 rules flushed and repaired meanwhile',
    status: interception({ repairs: { nat: 1, filter: 7 } }),
    lines: [
      {
        time: '2026-11-30T07:00:00Z',
        msg: 'interception repaired',
        faults: ['nat: IPv6: chain ROLEGATE is missing', 'filter: IPv6: chain ROLEGATE-DENY is missing'],
      },
    ],
    severity: 'warning',
    check: 'rules',
    on: 'node-b',
    what: 'something changed the rules, and they were repaired: layers nat and filter for IPv6',
    evidence: '30s ago: nat: IPv6: chain ROLEGATE is missing',
    fix: 'find the program',
  },
  {
    fault: 'All layers flushed',
    status: interception({ layers: { nat: false, filter: false, route: false } }),
    severity: 'error',
    check: 'rules',
    on: 'node-b',
    what: 'the rules of no layer are installed: THE NODE IS OPEN',
    evidence: 'nat, filter, route are false',
    fix: 'RolegateInterceptionLayerLost',
  },
  {
    fault: 'An agent without reconcile',
    status: { interception: { layers: {} } },
    severity: 'error',
    check: 'rules',
    on: 'node-b',
    what: 'it is not known whether the rules are installed',
    evidence: 'the agent has no --cni-socket',
    fix: 'run rolegate-agent reconcile',
  },
  {
    fault: 'A reconcile that has not checked the rules yet',
    status: { interception: { readerConnected: true, layers: {} } },
    severity: 'error',
    check: 'rules',
    on: 'node-b',
    what: 'it is not known whether the rules are installed',
    evidence: 'reconcile has not reported a check yet',
    fix: 'the log of',
  },
  {
    fault: 'Rules that reconcile cannot read',
    status: interception({ layers: { nat: false, filter: false, route: false, input: false, ports: false } }),
    lines: [{ msg: 'interception check failed', error: 'iptables-save: Permission denied' }],
    severity: 'error',
    check: 'rules',
    on: 'node-b',
    what: 'reconcile cannot check the rules: THE NODE MAY BE OPEN',
    evidence: 'iptables-save: Permission denied',
    fix: 'NET_ADMIN',
  },
  {
    fault: 'The link for container credentials missing',
    status: interception({ layers: { ...LAYERS, link: false } }),
    severity: 'error',
    check: 'rules',
    on: 'node-b',
    what: 'the rules of layer link are not installed: there are no container credentials',
    evidence: 'layer link is false',
    fix: 'ip work there',
  },
  {
    fault: 'The IPv6 rules of a layer missing',
    status: interception({ layers: { ...LAYERS, filter: false } }),
    lines: [
      incomplete('filter: IPv6: chain ROLEGATE-DENY is missing; filter: ip6tables-restore: unknown option'),
    ],
    severity: 'warning',
    check: 'rules',
    on: 'node-b',
    what: 'the rules of layer filter are not installed for IPv6',
    evidence: 'ip6tables-restore: unknown option',
    fix: 'ip6tables',
  },
  {
    fault: 'A missing CNI directory',
    status: { addresses: { source: 'pod-status', directories: { '/var/lib/cni/results': 'missing' } } },
    severity: 'warning',
    check: 'addresses',
    on: 'node-b',
    what: 'no CNI results directory can be read',
    evidence: '/var/lib/cni/results is missing',
    fix: 'set cni.cacheDirs and cni.hostPaths',
  },
  {
    fault: 'A clock a minute ahead',
    status: { server: serverFacts({ clockSkewMs: 61_000 }) },
    severity: 'error',
    check: 'clock',
    on: 'node-b',
    what: "the clock of the node is ahead of the server's",
    evidence: 'by 1m1s',
    fix: 'chronyc tracking',
  },
  {
    fault: 'A clock a minute behind that an older agent only logs',
    status: { server: serverFacts({ clockSkewMs: undefined }) },
    lines: [{ msg: 'clock skew between node and server', skewMs: -60_000 }],
    severity: 'error',
    check: 'clock',
    on: 'node-b',
    what: "the clock of the node is behind the server's",
    evidence: 'by 1m',
    fix: 'chronyc tracking',
  },
  {
    fault: "An agent's certificate near its end",
    status: {
      server: serverFacts({ certificate: { remainingSeconds: 300, ends: '2026-11-30T08:00:00.000Z' } }),
    },
    severity: 'error',
    check: 'certificates',
    on: 'node-b',
    what: 'the certificate of the agent expires within ten minutes',
    evidence: 'until 2026-11-30T08:00:00.000Z',
    fix: 'see why it is not renewed',
  },
  {
    fault: "A server's certificate near its end",
    server: { certificateSeconds: { certificate: 3_600, ca: 200 * 86_400 } },
    severity: 'error',
    check: 'certificates',
    what: 'a server certificate is near its end',
    evidence: 'certificate expires in 1h',
    fix: 'see why it is not renewed',
  },
  {
    fault: 'A CA near its end',
    server: { certificateSeconds: { certificate: 80_000, ca: 86_400 } },
    severity: 'warning',
    check: 'certificates',
    what: 'the CA certificate is near its end',
    evidence: 'ca expires in 24h',
    fix: 'rotate the authority',
  },
  {
    fault: 'A server that a NetworkPolicy hides',
    status: {
      server: serverFacts({ feed: { ...LOST_FEED, lastFault: '14 UNAVAILABLE: connect ETIMEDOUT' } }),
    },
    severity: 'error',
    check: 'server',
    on: 'node-b',
    what: 'the agent reaches no server: a NetworkPolicy or a rule drops 9610/tcp',
    evidence: 'for 1m30s, so Pods get no credentials; 14 UNAVAILABLE: connect ETIMEDOUT',
    fix: 'let the node reach 9610/tcp and 9611/tcp',
  },
  {
    fault: 'A server that a rule rejects',
    status: {
      server: serverFacts({ feed: { ...LOST_FEED, lastFault: 'connect ECONNREFUSED 192.0.2.1:9610' } }),
    },
    severity: 'error',
    check: 'server',
    on: 'node-b',
    what: 'the agent reaches no server: a NetworkPolicy or a rule rejects 9610/tcp',
    evidence: 'ECONNREFUSED',
    fix: 'look for the NetworkPolicy, or the rule on the node',
  },
  {
    fault: 'A foreign listener on 8181',
    status: { ports: { held: [], foreignListeners: [{ address: '192.0.2.10', port: 8181, uid: 0 }] } },
    severity: 'error',
    check: 'ports',
    on: 'node-b',
    what: "a foreign listener has the agent's port 8181",
    evidence: '192.0.2.10:8181, UID 0',
    fix: 'ss -ltnp sport = :8181',
  },
  {
    fault: 'A port in use by another user',
    status: { ports: { held: [{ host: 'fd00::10', port: 8181 }], foreignListeners: [] } },
    severity: 'error',
    check: 'ports',
    on: 'node-b',
    what: "another user's process has the agent's port 8181",
    evidence: '[fd00::10]:8181',
    fix: 'ss -ltnp sport = :8181',
  },
  {
    fault: "kiam's iptables rule left over",
    status: interception({ foreignRules: 1 }),
    lines: [
      {
        msg: 'foreign rule for a metadata address',
        rule: '-t nat -A PREROUTING -d 169.254.169.254/32 -i cali+ -p tcp --dport 80 -j DNAT --to-destination 192.0.2.10:8181',
      },
    ],
    severity: 'warning',
    check: 'leftovers',
    on: 'node-b',
    what: 'an iptables rule like those of kiam and kube2iam for the metadata address is left over',
    evidence: '-i cali+ -p tcp --dport 80 -j DNAT --to-destination 192.0.2.10:8181',
    fix: 'iptables -t nat -D PREROUTING',
  },
  {
    fault: "kube2iam's DaemonSet left over",
    moreDaemonSets: [daemonSet('kube2iam', { app: 'kube2iam' }, 'jtblin/kube2iam:0.11.1', 2)],
    severity: 'error',
    check: 'leftovers',
    what: 'kube2iam is still installed',
    evidence: 'DaemonSet rolegate/kube2iam, 2 Pods ready',
    fix: 'delete DaemonSet rolegate/kube2iam',
  },
  {
    fault: 'IMDSv1 open on the node',
    status: interception({ nodeImdsv1Open: true }),
    severity: 'error',
    check: 'imdsv1',
    on: 'node-b',
    what: 'the IMDS of the node answers IMDSv1',
    evidence: 'the agent asked it without a token',
    fix: '--http-tokens required --http-put-response-hop-limit 1',
  },
  {
    fault: 'A Pod Security label that refuses the agent',
    namespaceLabels: { 'pod-security.kubernetes.io/enforce': 'baseline' },
    severity: 'error',
    check: 'pod-security',
    what: 'Pod Security refuses new agents: Namespace rolegate enforces baseline',
    evidence:
      'pod-security.kubernetes.io/enforce=baseline; DaemonSet rolegate/rolegate-agent has 2 of 2 Pods',
    fix: 'kubectl label namespace rolegate pod-security.kubernetes.io/enforce=privileged --overwrite',
  },
  {
    fault: 'Mixed versions',
    status: { version: '0.1.0' },
    severity: 'warning',
    check: 'versions',
    what: '2 versions run at the same time',
    evidence: '0.1.0 (node-b)',
    fix: 'finish the upgrade',
  },
  {
    fault: 'kube-proxy in IPVS mode',
    cluster: { kubeProxyConfig: { value: 'metricsBindAddress: ""\nmode: ipvs\n' } },
    severity: 'warning',
    check: 'kube-proxy',
    what: 'kube-proxy runs in mode ipvs',
    evidence: 'ConfigMap of kube-proxy',
    fix: 'DenyServiceExternalIPs',
  },
  {
    fault: 'An agent whose startup probe fails',
    cluster: {
      pods: {
        value: [
          agentPod('node-a'),
          agentPod('node-b', {
            containerStatuses: [
              { name: 'agent', ready: false, started: false, restartCount: 0, state: { running: {} } },
            ],
          }),
        ],
      },
    },
    severity: 'error',
    check: 'probes',
    on: 'node-b',
    what: 'the container agent of an agent does not pass its startup probe',
    evidence: 'rolegate/agent-node-b',
    fix: 'kubectl logs -n rolegate agent-node-b -c agent',
  },
  {
    fault: "A Pod with the agent's UID",
    morePods: [
      {
        metadata: { namespace: 'kube-system', name: 'proxy' },
        spec: {
          nodeName: 'node-b',
          hostNetwork: true,
          securityContext: { runAsUser: 2_100_008_181 },
          containers: [{ name: 'x' }],
        },
      },
    ],
    severity: 'warning',
    check: 'ports',
    on: 'node-b',
    what: "another Pod on the host network has the agent's UID 2100008181",
    evidence: 'kube-system/proxy',
    fix: 'another runAsUser',
  },
  {
    fault: 'An endpoint for container credentials without its address',
    status: {
      containerCredentials: {
        addresses: [{ address: '169.254.170.23:8182', waitsFor: 'its address' }],
        keysCondition: 'current',
      },
    },
    severity: 'error',
    check: 'container-credentials',
    on: 'node-b',
    what: 'the agent does not listen for container credentials',
    evidence: '169.254.170.23:8182 waits for its address',
    fix: 'RolegateContainerCredentialsDown',
  },
  {
    fault: 'A server that has not read the cluster',
    server: { synced: false, checks: { caches: 'the cluster has not been read yet' } },
    severity: 'error',
    check: 'server',
    what: 'a server has not read the cluster yet',
    evidence: 'rolegate/server-0',
    fix: 'ClusterRole',
  },
  {
    fault: 'Another check of a server',
    server: { checks: { 'authority storage': 'the Secret cannot be written' } },
    severity: 'warning',
    check: 'probes',
    what: 'the check "authority storage" of a server fails',
    evidence: 'the Secret cannot be written',
    fix: 'the log of the server',
  },
  {
    fault: 'A watch that is silent',
    server: { watchAgeSeconds: { Pod: 200, Namespace: 3 } },
    severity: 'error',
    check: 'server',
    what: 'a server hears nothing from the API server',
    evidence: 'rolegate/server-0: Pod 3m20s',
    fix: 'check the network path from the server to the API server',
  },
  {
    fault: 'A server that does not answer',
    serverFault: 'timeout',
    severity: 'error',
    check: 'server',
    what: 'no server answers',
    evidence: 'rolegate/server-0: timeout',
    fix: 'kubectl describe pod -n rolegate server-0',
  },
  {
    fault: 'A list that may not be read',
    cluster: { nodes: { fault: 'missing right: list nodes' } },
    severity: 'warning',
    check: 'rights',
    what: 'nodes cannot be read; not checked in full: agents',
    evidence: 'missing right: list nodes',
    fix: 'bind the roles of deploy/kubectl-rolegate/doctor.yaml',
  },
  {
    fault: 'A list that the API server does not answer',
    cluster: { nodes: { fault: 'no answer from the API server: timeout' } },
    severity: 'warning',
    check: 'rights',
    what: 'nodes cannot be read; not checked in full: agents',
    evidence: 'timeout',
    fix: 'try again',
  },
];

describe('The findings of doctor', () => {
  it.each(cases)(
    '$fault is found ($severity)',
    ({ severity, check, on, what, evidence, fix, ...planted }) => {
      const diagnosis = diagnose(cluster(planted));
      // And nothing else, so that one fault is not shown as two.
      expect(diagnosis.findings).toHaveLength(1);
      const found = diagnosis.findings.filter((one) => one.check === check && one.what.startsWith(what));
      expect(found).toEqual([
        {
          severity,
          check,
          node: on,
          what: expect.stringContaining(what) as string,
          evidence: expect.stringContaining(evidence) as string,
          fix: expect.stringContaining(fix) as string,
        },
      ]);
      expect(diagnosis.healthy).toBe(severity !== 'error');
      // In one line.
      const lines = diagnosisText(diagnosis, WIDE).split('\n');
      expect(lines).toContain(`${severity.toUpperCase()} ${check}: ${found[0]?.what ?? ''}`);
    },
  );

  it('Nothing is found in a healthy cluster, and all nodes are proven closed', () => {
    const diagnosis = diagnose(cluster());
    expect(diagnosis.findings).toEqual([]);
    expect(diagnosis).toMatchObject({
      healthy: true,
      verdict: 'all is well; 2 of 2 nodes proven closed to Pods',
    });
  });

  it('What is over is not found: rules that recovered, and clocks that agree again', () => {
    const lines = [
      incomplete('filter: chain ROLEGATE-DENY is missing'),
      { msg: 'interception recovered' },
      { msg: 'clock skew between node and server', skewMs: 60_000 },
      { msg: 'clock skew between node and server recovered', skewMs: 5 },
    ];
    const status = { server: serverFacts({ clockSkewMs: undefined }) };
    expect(diagnose(cluster({ status, lines })).findings).toEqual([]);
  });

  it('Repairs of long ago are worth knowing, and no warning', () => {
    const lines = [
      { time: '2026-11-29T07:00:00Z', msg: 'interception repaired', faults: ['nat: chain is missing'] },
    ];
    const { findings } = diagnose(cluster({ status: interception({ repairs: { nat: 1 } }), lines }));
    expect(findings).toMatchObject([
      { severity: 'info', evidence: expect.stringContaining('24h ago') as string },
    ]);
  });

  it('While an upgrade replaces the agent of a node, the new Pod is no error', () => {
    const starting = { name: 'agent', ready: false, started: false, restartCount: 0, state: { running: {} } };
    const next = agentPod('node-b', { containerStatuses: [starting] });
    const old = agentPod('node-b', { conditions: [{ type: 'Ready', status: 'True' }] });
    const { findings, healthy } = diagnose(
      cluster({ cluster: { pods: { value: [agentPod('node-a'), old, next] } } }),
    );
    expect(findings).toMatchObject([{ severity: 'warning', check: 'probes' }]);
    expect(healthy).toBe(true);
  });

  it('Nothing is said about Pod Security without the right to read Namespaces', () => {
    const none = daemonSet('rolegate-agent', AGENT_LABELS, 'rolegate/agent:1', 0);
    const checks = (namespaces: Planted['cluster']) =>
      diagnose(cluster({ cluster: { daemonSets: { value: [none] }, ...namespaces } })).findings.map(
        ({ check }) => check,
      );
    expect(checks({ namespaces: { value: [] } })).toEqual(['pod-security']);
    expect(checks({ namespaces: { fault: 'missing right' } })).toEqual(['rights']);
  });

  it.each([
    ['rolegate-tls.rolegate.svc:9610 did not answer within 5000 ms', 'drops 9610/tcp'],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 5.001s,name resolution: 0.002s', 'drops 9610/tcp'],
    ['connect EHOSTUNREACH 192.0.2.1:9610', 'rejects 9610/tcp'],
    ['getaddrinfo ENOTFOUND rolegate-server.rolegate.svc', 'its name is not resolved'],
    ['14 UNAVAILABLE: Name resolution failed for target dns:rolegate-server', 'its name is not resolved'],
    ['unable to verify the first certificate', 'one does not accept the other'],
    ['16 UNAUTHENTICATED: the certificate is of another node', 'one does not accept the other'],
  ])('The error "%s" of the feed means: %s', (lastFault, cause) => {
    const status = { server: serverFacts({ feed: { ...LOST_FEED, lastFault } }) };
    expect(diagnose(cluster({ status })).findings).toMatchObject([
      { what: expect.stringContaining(cause) as string },
    ]);
  });

  it('Without a server that is ready, no NetworkPolicy is suspected', () => {
    const status = { server: serverFacts({ feed: { ...LOST_FEED, lastFault: 'connect ECONNREFUSED' } }) };
    const pods = { value: [agentPod('node-a'), agentPod('node-b')] };
    expect(diagnose(cluster({ status, cluster: { pods } })).findings).toMatchObject([
      { what: 'the agent reaches no server: no server is ready' },
    ]);
  });

  it('A fault that also keeps the agent from being ready is found once', () => {
    const found = (status: object) =>
      diagnose(cluster({ status: { ...interception({}), ...status } })).findings.map(({ check }) => check);
    expect(
      found({
        ...interception({ layers: { ...LAYERS, filter: false } }),
        notReady: ['interception: not fully installed: filter; see the log of rolegate-agent reconcile'],
      }),
    ).toEqual(['rules']);
    const held = [{ host: 'fd00::10', port: 8181 }];
    expect(
      found({
        ports: { held, foreignListeners: [] },
        notReady: ['ports: in use by another user: [fd00::10]:8181'],
      }),
    ).toEqual(['ports']);
    expect(
      found({
        server: { feed: { connected: false, sinceSeconds: 9 }, certificate: { state: 'none yet' } },
        notReady: ["table: no feed has been synced yet, so this node's Pods are not known"],
      }),
    ).toEqual(['server']);
    expect(found({ notReady: ['metadata: the agent is stopping'] })).toEqual(['probes']);
  });

  it('Why a layer is lost is taken from the attempts to repair it, if its first line is too old to be read', () => {
    const lines = [{ msg: 'interception repaired', faults: ['filter: IPv6: ip6tables-restore failed'] }];
    const status = interception({ layers: { ...LAYERS, filter: false } });
    expect(diagnose(cluster({ status, lines })).findings).toMatchObject([
      {
        what: 'the rules of layer filter are not installed for IPv6: nat and route still deny',
        evidence: 'filter: IPv6: ip6tables-restore failed',
      },
    ]);
  });

  it('A rule that was removed meanwhile is not shown, although it was logged', () => {
    const lines = ['kiam', 'kube2iam'].map((name) => ({
      msg: 'foreign rule for a metadata address',
      rule: `-t nat -A PREROUTING -m comment --comment ${name}`,
    }));
    const { findings } = diagnose(cluster({ status: interception({ foreignRules: 1 }), lines }));
    expect(findings).toMatchObject([{ evidence: '-t nat -A PREROUTING -m comment --comment kube2iam' }]);
  });

  it('A node on which no agent can run is told, and is no error', () => {
    const windows = node('win', { metadata: { name: 'win', labels: { 'kubernetes.io/os': 'windows' } } });
    const { findings, healthy, verdict } = diagnose(cluster({ moreNodes: [windows] }));
    expect(findings).toMatchObject([{ severity: 'info', node: 'win' }]);
    expect(verdict).toBe('all is well; 2 of 2 nodes proven closed to Pods');
    expect(healthy).toBe(true);
  });

  it('The agent Pod of a node that is gone is told, and is no error', () => {
    const gone = { ...reading('old', {}), status: { fault: 'connection refused' } };
    const usual = cluster();
    const { findings, healthy } = diagnose({ ...usual, agents: [...usual.agents, gone] });
    expect(findings).toMatchObject([
      { severity: 'info', node: 'old', what: expect.stringContaining('is gone') as string },
    ]);
    expect(healthy).toBe(true);
  });

  it('A fault of many nodes is one line that names three of them, and the worst come first', () => {
    const usual = cluster();
    const names = Array.from({ length: 1_000 }, (_, at) => `node-${at}`);
    const open = { interception: { readerConnected: true, layers: LAYERS, nodeImdsv1Open: true } };
    const diagnosis = diagnose({
      ...usual,
      kubeProxyConfig: { value: 'mode: ipvs' },
      nodes: { value: names.map((name) => node(name)) },
      pods: { value: names.map((name) => agentPod(name)) },
      agents: names.map((name) => reading(name, open)),
    });
    const text = diagnosisText(diagnosis, WIDE);
    expect(text.match(/^ERROR/gm)).toHaveLength(1);
    expect(text).toMatch(/^ {2}nodes +node-0, node-1, node-10 and 997 more$/m);
    expect(text.indexOf('ERROR')).toBeLessThan(text.indexOf('WARNING'));
    expect(text).toMatch(/^1000 errors and 1 warning; 1000 of 1000 nodes proven closed to Pods$/m);
  });

  it('The table has a row for each node, with what is wrong in capitals', () => {
    const status = {
      interception: { readerConnected: true, layers: { ...LAYERS, nat: false }, nodeImdsv1Open: true },
      addresses: { source: 'pod-status', directories: {} },
      ports: { held: [], foreignListeners: [{ address: '::', port: 8181, uid: 0 }] },
      server: serverFacts({
        feed: { ...LOST_FEED, lastFault: 'reset' },
        certificate: { remainingSeconds: -1 },
      }),
    };
    const text = diagnosisText(diagnose(cluster({ status, moreNodes: [node('node-c')] })), WIDE);
    expect(text).toMatch(/^node-a +\d\S+ +ok +closed +cni +10m +22h13m +ok +0$/m);
    expect(text).toMatch(/^node-b +\S+ +LOST: nat +OPEN +POD STATUS +LOST 1m30s +EXPIRED +FOREIGN +6$/m);
    expect(text).toMatch(/^node-c +NONE +\? /m);
  });

  it('In firewall mode no server is needed', () => {
    const usual = cluster();
    const agents = [reading('node-a', { mode: 'firewall', server: undefined })];
    expect(diagnose({ ...usual, agents, servers: [], nodes: { value: [node('node-a')] } }).findings).toEqual(
      [],
    );
  });
});
