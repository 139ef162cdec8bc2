import { roughly, textOf } from '@rolegate/runtime';
import { valueOf } from '../../answers/answer.ts';
import type { AgentStatus } from '../../answers/agent-status.ts';
import { latestLine } from '../cluster.ts';
import type { AgentReading, Cluster, LogLine } from '../cluster.ts';
import type { Finding } from '../finding.ts';
import { logMessages } from '../log-messages.ts';

/** Each of these denies by itself. */
const DENYING = ['nat', 'filter', 'route'];
const RUNBOOK = 'see the alert RolegateInterceptionLayerLost in docs/runbook.md';
/** Text that only the IPv6 rules have. */
const IPV6 = /fd00:ec2|ip6tables|\bipv6\b/i;
/** A repair that is older tells of something that is over. Milliseconds. */
const LATELY_MS = 3_600_000;
/** So many repairs lately mean that somebody changes the rules again and again. */
const REPEATED = 3;

/** The rules of all layers and families, and whether the node itself is closed. */
export function checkRules({ agents, atMs }: Cluster): readonly Finding[] {
  return agents.flatMap((agent) => {
    const status = valueOf(agent.status);
    if (status === undefined) return [];
    const facts = [...lostLayers(agent, status), ...ofState(agent, status, atMs)];
    return facts.map((fact) => ({ ...fact, node: agent.node }));
  });
}

type Fact = Omit<Finding, 'node'>;

function lostLayers(agent: AgentReading, { interception }: AgentStatus): readonly Fact[] {
  const { layers, readerConnected } = interception;
  if (Object.keys(layers).length === 0)
    return [
      {
        check: 'rules',
        severity: 'error',
        what: 'it is not known whether the rules are installed',
        evidence:
          readerConnected === undefined
            ? 'the agent has no --cni-socket'
            : 'reconcile has not reported a check yet',
        fix:
          readerConnected === undefined
            ? 'run rolegate-agent reconcile on the node, and give the agent its --cni-socket'
            : "look at the log of the agent's container reconcile",
      },
    ];
  if (DENYING.every((layer) => layers[layer] === false)) return [openNode(agent)];
  const lost = Object.keys(layers).filter((layer) => layers[layer] === false);
  const remaining = DENYING.filter((layer) => layers[layer] === true);
  const faults = faultsOf(agent);
  return lost.map((layer) => lostLayer(layer, remaining, faults));
}

function openNode(agent: AgentReading): Fact {
  const failed = latestLine(agent.lines, logMessages.checkFailed);
  const said = failed === undefined ? faultsOf(agent).join('; ') : textOf(failed['error']);
  return {
    check: 'rules',
    severity: 'error',
    what:
      failed === undefined
        ? 'the rules of no layer are installed: THE NODE IS OPEN'
        : 'reconcile cannot check the rules: THE NODE MAY BE OPEN',
    evidence: said === '' ? `rolegate-agent status: ${DENYING.join(', ')} are false` : said,
    fix: `check that reconcile has NET_ADMIN and that iptables and ip work on the node; ${RUNBOOK}`,
  };
}

function lostLayer(layer: string, remaining: readonly string[], faults: readonly string[]): Fact {
  const own = faults.filter((fault) => fault.startsWith(`${layer}:`));
  const family = own.length > 0 && own.every((fault) => IPV6.test(fault)) ? ' for IPv6' : '';
  return {
    check: 'rules',
    severity: layer === 'input' || layer === 'nat' || layer === 'link' ? 'error' : 'warning',
    what: `the rules of layer ${layer} are not installed${family}${meaningOf(layer, remaining)}`,
    evidence: own.length > 0 ? own.join('; ') : `rolegate-agent status: layer ${layer} is false`,
    fix: `find the program that changes the node's rules, and check that iptables, ip6tables and ip work there; ${RUNBOOK}`,
  };
}

function meaningOf(layer: string, remaining: readonly string[]): string {
  if (layer === 'nat') return ': requests of Pods do not reach the agent';
  if (layer === 'input') return ": other nodes can reach the agent's port";
  if (layer === 'ports') return ": redirects of others can take the agent's ports";
  if (layer === 'link') return ': there are no container credentials';
  return `: ${remaining.join(' and ')} still deny`;
}

/** What the last check could not repair: `LAYER: message`. */
function faultsOf({ lines }: AgentReading): readonly string[] {
  const line = latestLine(lines, logMessages.incomplete, logMessages.recovered);
  // Old lines are not read, but each attempt to repair is logged.
  if (line === undefined) return repairsOf(latestLine(lines, logMessages.repaired) ?? {});
  return textOf(line['error'])
    .split(/; (?=(?:nat|filter|route|input|ports|link): )/)
    .filter((fault) => fault !== '');
}

function ofState(agent: AgentReading, { interception }: AgentStatus, atMs: number): readonly Fact[] {
  const facts = [
    imdsv1Fact(interception),
    readerFact(interception),
    routedFact(agent),
    unmatchedFact(interception),
    limitFact(interception),
    repairedFact(agent, interception, atMs),
  ];
  return facts.filter((fact) => fact !== undefined);
}

type Rules = AgentStatus['interception'];

function imdsv1Fact({ nodeImdsv1Open }: Rules): Fact | undefined {
  if (nodeImdsv1Open !== true) return undefined;
  return {
    severity: 'error',
    check: 'imdsv1',
    what: 'the IMDS of the node answers IMDSv1',
    evidence:
      'the agent asked it without a token; a host-network Pod, and every Pod before the rules are installed, can get the credentials of the node',
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
  const line = latestLine(lines, logMessages.routed, logMessages.notRouted);
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

/**
 * Rules are repaired within a second, so that what is flushed again and again is seen only in the log and the count. Repairs that
 * fail are among them: those of layers that are not installed.
 */
function repairedFact({ lines }: AgentReading, { repairs, layers }: Rules, atMs: number): Fact | undefined {
  const isRepaired = (layer: string) => layers[layer] !== false;
  const counts = Object.entries(repairs).filter(([layer, count]) => count > 0 && isRepaired(layer));
  const repaired = lines.flatMap((line): Repair[] => {
    const faults = repairsOf(line).filter((fault) => isRepaired(layerOf(fault)));
    return line['msg'] === logMessages.repaired && faults.length > 0
      ? [{ agoMs: atMs - Date.parse(textOf(line['time'])), faults }]
      : [];
  });
  const latest = repaired.at(-1);
  if (counts.length === 0 && latest === undefined) return undefined;
  const lately = repaired.filter(({ agoMs }) => agoMs <= LATELY_MS);
  const many = counts.map(([layer, count]) => `${layer} ${count}`).join(', ');
  const evidence = [
    latest === undefined ? '' : `${agoText(latest.agoMs)}: ${latest.faults.join('; ')}`,
    lately.length > 1 ? `${lately.length} repairs in the last hour` : '',
    many === '' ? '' : `repairs since reconcile started: ${many}`,
  ];
  const which = whichText(
    lately.flatMap(({ faults }) => faults),
    counts.map(([layer]) => layer),
  );
  return {
    severity: lately.length > 0 ? 'warning' : 'info',
    check: 'rules',
    what:
      lately.length >= REPEATED
        ? `something changes the rules again and again, and each time they are repaired: ${which}`
        : `something changed the rules, and they were repaired: ${which}`,
    evidence: evidence.filter((part) => part !== '').join('; '),
    fix: "find the program that changes the node's rules, such as a firewall or another network agent",
  };
}

interface Repair {
  readonly agoMs: number;
  /** Each as `LAYER: message`. */
  readonly faults: readonly string[];
}

function agoText(ms: number): string {
  return Number.isFinite(ms) ? `${roughly(ms)} ago` : 'lately';
}

function repairsOf({ faults }: LogLine): readonly string[] {
  return Array.isArray(faults) ? faults.map(textOf) : [textOf(faults)];
}

/** '' if the text names none. */
function layerOf(fault: string): string {
  return /^[a-z]+(?=: )/.exec(fault)?.[0] ?? '';
}

/** The layers that were repaired, by what the log says or, if it says nothing, by the counts. */
function whichText(faults: readonly string[], counted: readonly string[]): string {
  const logged = [...new Set(faults.map(layerOf))];
  const names = logged.length > 0 ? logged : counted;
  const family = faults.length > 0 && faults.every((fault) => IPV6.test(fault)) ? ' for IPv6' : '';
  return `${names.length === 1 ? 'layer' : 'layers'} ${names.join(' and ')}${family}`;
}
