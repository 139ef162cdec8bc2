import { textOf } from '@rolegate/runtime';
import { valueOf } from '../../answers/answer.ts';
import type { AgentStatus } from '../../answers/agent-status.ts';
import { latestLine } from '../cluster.ts';
import type { AgentReading, Cluster, LogLine } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** Each of these denies by itself. */
const DENYING = ['nat', 'filter', 'route'];
const RUNBOOK = 'see the alert RolegateInterceptionLayerLost in docs/runbook.md';
/** Text that only the IPv6 rules have. */
const IPV6 = /fd00:ec2|ip6tables|\bipv6\b/i;

/** The rules of all layers and families, and whether the node itself is closed. */
export function checkRules({ agents }: Cluster): readonly Finding[] {
  return agents.flatMap((agent) => {
    const status = valueOf(agent.status);
    return status === undefined ? [] : [...lostLayers(agent, status), ...ofState(agent, status)];
  });
}

function lostLayers(agent: AgentReading, { interception }: AgentStatus): readonly Finding[] {
  const { layers, readerConnected } = interception;
  const about = { check: 'rules', node: agent.node } as const;
  if (Object.keys(layers).length === 0)
    return [
      {
        ...about,
        severity: 'error',
        what: 'it is not known whether the rules are installed',
        evidence:
          readerConnected === undefined
            ? 'the agent has no --cni-socket'
            : 'reconcile has not reported a check yet',
        fix: `look at the container reconcile: kubectl logs -n ${agent.pod.replace('/', ' ')} -c reconcile`,
      },
    ];
  const lost = Object.keys(layers).filter((layer) => layers[layer] === false);
  const remaining = DENYING.filter((layer) => layers[layer] === true);
  const faults = faultsOf(agent);
  return lost.map((layer) => {
    const own = faults.filter((fault) => fault.startsWith(`${layer}:`));
    const family = own.length > 0 && own.every((fault) => IPV6.test(fault)) ? ' for IPv6' : '';
    return {
      ...about,
      severity: remaining.length === 0 || layer === 'input' || layer === 'nat' ? 'error' : 'warning',
      what: `the rules of layer ${layer} are not installed${family}${meaningOf(layer, remaining)}`,
      evidence: own.length > 0 ? own.join('; ') : `rolegate-agent status: layer ${layer} is false`,
      fix: `find the program that changes the node's rules, and check that iptables, ip6tables and ip work there; ${RUNBOOK}`,
    };
  });
}

function meaningOf(layer: string, remaining: readonly string[]): string {
  if (layer === 'nat') return ': requests of Pods do not reach the agent';
  if (layer === 'input') return ": other nodes can reach the agent's port";
  if (layer === 'ports') return ": redirects of others can take the agent's ports";
  if (layer === 'link') return ': there are no container credentials';
  return remaining.length === 0 ? ': THE NODE IS OPEN' : `: ${remaining.join(' and ')} still deny`;
}

/** What the last check could not repair: `LAYER: message`. */
function faultsOf({ lines }: AgentReading): readonly string[] {
  const line = latestLine(lines, 'interception incomplete', 'interception recovered');
  return textOf(line?.['error'])
    .split('; ')
    .filter((fault) => fault !== '');
}

type Fact = Omit<Finding, 'node'>;

function ofState(agent: AgentReading, { interception }: AgentStatus): readonly Finding[] {
  const facts = [
    imdsv1Fact(interception),
    readerFact(interception),
    routedFact(agent),
    unmatchedFact(interception),
    limitFact(interception),
    repairedFact(agent, interception),
  ];
  return facts.flatMap((fact) => (fact === undefined ? [] : [{ ...fact, node: agent.node }]));
}

type Rules = AgentStatus['interception'];

function imdsv1Fact({ nodeImdsv1Open }: Rules): Fact | undefined {
  if (nodeImdsv1Open !== true) return undefined;
  return {
    severity: 'error',
    check: 'imdsv1',
    what: 'the IMDS of the node answers IMDSv1: a host-network Pod, and every Pod before the rules are installed, can get the credentials of the node',
    evidence: 'the agent asked it without a token',
    fix: 'aws ec2 modify-instance-metadata-options --http-tokens required --http-put-response-hop-limit 1 for the instance, and the same in its launch template',
  };
}

function readerFact({ readerConnected }: Rules): Fact | undefined {
  if (readerConnected !== false) return undefined;
  return {
    severity: 'error',
    check: 'rules',
    what: 'reconcile does not answer the agent: nobody repairs the rules',
    evidence: 'rolegate-agent status: the rules are as last known',
    fix: "look at the log of the agent's container reconcile",
  };
}

function routedFact({ lines }: AgentReading): Fact | undefined {
  const line = latestLine(
    lines,
    'kernel routes Pod traffic to the metadata address',
    'kernel routing of Pod metadata traffic recovered',
  );
  if (line === undefined) return undefined;
  return {
    severity: 'error',
    check: 'rules',
    what: 'the kernel routes Pod traffic to the metadata address although the rule is installed',
    evidence: textOf(line['route']) || 'log line of reconcile',
    fix: "find the ip rule that comes before Rolegate's (ip rule list), and remove or renumber it",
  };
}

function unmatchedFact({ unmatchedInterfaces = 0 }: Rules): Fact | undefined {
  if (unmatchedInterfaces === 0) return undefined;
  return {
    severity: 'warning',
    check: 'rules',
    what: 'an entry of --host-interface matches no interface: Pods behind others are denied, not served',
    evidence: `entries that match nothing: ${unmatchedInterfaces}`,
    fix: 'correct --host-interface (chart value hostInterface), or use auto',
  };
}

function limitFact({ connectionsLimited }: Rules): Fact | undefined {
  if (connectionsLimited !== false) return undefined;
  return {
    severity: 'warning',
    check: 'rules',
    what: 'the kernel cannot limit the new connections of a Pod',
    evidence: 'rolegate-agent status: connectionsLimited is false',
    fix: 'run modprobe -a xt_hashlimit xt_recent xt_limit on the node',
  };
}

/** The count is since reconcile started; only a line in the log says that it was lately. */
function repairedFact({ lines }: AgentReading, { repairs }: Rules): Fact | undefined {
  const counts = Object.entries(repairs).filter(([, count]) => count > 0);
  const line = latestLine(lines, 'interception repaired');
  if (counts.length === 0 && line === undefined) return undefined;
  const many = counts.map(([layer, count]) => `${layer} ${count}`).join(', ');
  return {
    severity: line === undefined ? 'info' : 'warning',
    check: 'rules',
    what: 'others changed the rules, and they were repaired',
    evidence: [repairText(line), many === '' ? '' : `repairs since reconcile started: ${many}`]
      .filter((part) => part !== '')
      .join('; '),
    fix: "if the numbers grow, find the program that changes the node's rules",
  };
}

function repairText(line: LogLine | undefined): string {
  if (line === undefined) return '';
  const { faults } = line;
  const all = Array.isArray(faults) ? faults.map(textOf) : [textOf(faults)];
  return `${textOf(line['time'])} ${all.join('; ')}`.trim();
}
