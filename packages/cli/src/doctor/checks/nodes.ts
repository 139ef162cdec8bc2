import type { V1Node, V1Pod } from '../../answers/objects.ts';
import { roughly } from '@rolegate/runtime';
import { faultOf, valueOf } from '../../answers/answer.ts';
import { countsText, fullName, isAgent, isTerminating, isKubeletSilent } from '../cluster.ts';
import type { AgentReading, Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';
import { excludedBy, outsideOf } from '../scheduling.ts';

/** Nodes without an agent or with two, agents that do not answer, and agents of nodes that are gone. */
export function checkNodes(cluster: Cluster): readonly Finding[] {
  const pods = valueOf(cluster.pods)?.filter(isAgent);
  const nodes = valueOf(cluster.nodes);
  const byNode = Map.groupBy(pods ?? [], ({ spec }) => spec?.nodeName ?? '');
  const byName = nodes && new Map(nodes.map((node) => [node.metadata?.name ?? '', node]));
  const told = reported(cluster.servers);
  return [
    ...(nodes === undefined || pods === undefined
      ? []
      : nodes.flatMap((node) => [...withoutAgent(node, byNode, cluster), ...withTwo(node, byNode)])),
    ...cluster.agents.flatMap((agent) => silent(agent, byName, told)),
  ];
}

type PodsByNode = ReadonlyMap<string, readonly V1Pod[]>;

function withoutAgent(node: V1Node, byNode: PodsByNode, cluster: Cluster): readonly Finding[] {
  const name = node.metadata?.name ?? '';
  const own = byNode.get(name) ?? [];
  if (own.some(isLive)) return [];
  const about = { check: 'agents', node: name } as const;
  const outside = outsideOf(node);
  if (outside !== undefined)
    return [
      {
        ...about,
        severity: 'info',
        what: `no agent can run there: ${outside}`,
        evidence: `labels of Node ${name}`,
        fix: 'give the Pods of this node credentials another way, and let its IMDS require IMDSv2 with hop limit 1',
      },
    ];
  return [
    {
      ...about,
      severity: 'error',
      what: 'no agent runs on the node: its Pods can get its credentials, and none of their own',
      ...absence(node, own, byNode.get('') ?? [], cluster),
    },
  ];
}

/** Why there is no agent, as far as the cluster says. */
function absence(
  node: V1Node,
  [ended]: readonly V1Pod[],
  unscheduled: readonly V1Pod[],
  { daemonSets }: Cluster,
): Pick<Finding, 'evidence' | 'fix'> {
  const name = node.metadata?.name ?? '';
  if (ended !== undefined)
    return {
      evidence: `${fullName(ended)} is ${ended.status?.phase ?? 'unknown'}`,
      fix: `see why: kubectl describe pod -n ${fullName(ended).replace('/', ' ')}`,
    };
  const pending = unscheduled.find((pod) => isMeantFor(pod, name));
  if (pending !== undefined)
    return {
      evidence: `${fullName(pending)} is not scheduled: ${scheduledMessage(pending)}`,
      fix: 'make room on the node for the requests of the agent, or correct what the scheduler names',
    };
  const known = valueOf(daemonSets)?.filter(isAgent);
  if (known?.length === 0)
    return { evidence: 'there is no DaemonSet of agents', fix: 'install the chart rolegate-agent' };
  const excluded = excludedBy(node, known ?? []);
  if (excluded !== undefined)
    return {
      evidence: excluded,
      fix: 'let the DaemonSet tolerate the taints and match the labels of the node (chart values tolerations, nodeSelector, affinity)',
    };
  return {
    evidence: (known ?? []).map(countsText).join('; ') || `no agent Pod has spec.nodeName ${name}`,
    fix: 'see the Events of the DaemonSet: kubectl describe daemonset -A -l app.kubernetes.io/part-of=rolegate',
  };
}

/** The DaemonSet controller pins its Pods to a node by affinity. */
function isMeantFor({ spec }: V1Pod, node: string): boolean {
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (terms ?? []).some(({ matchFields = [] }) =>
    matchFields.some(({ values = [] }) => values.includes(node)),
  );
}

function scheduledMessage({ status }: V1Pod): string {
  return status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? 'no reason is given';
}

function isLive({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** While a DaemonSet is updated it has two Pods on a node; two DaemonSets contend for the rules and the ports. */
function withTwo(node: V1Node, byNode: PodsByNode): readonly Finding[] {
  const name = node.metadata?.name ?? '';
  const live = (byNode.get(name) ?? []).filter((pod) => isLive(pod) && !isTerminating(pod));
  const owners = new Set(live.map(ownerOf));
  if (owners.size < 2) return [];
  return [
    {
      severity: 'error',
      check: 'agents',
      node: name,
      what: 'agents of two releases of Rolegate run on the node, and contend for its rules and ports',
      evidence: live.map(fullName).join(', '),
      fix: 'uninstall one release, or give each its own nodes (chart value nodeSelector)',
    },
  ];
}

function ownerOf({ metadata }: V1Pod): string {
  const [owner] = metadata?.ownerReferences ?? [];
  return `${metadata?.namespace ?? ''}/${owner?.kind ?? ''}/${owner?.name ?? ''}`;
}

function silent(
  { node, pod, status }: AgentReading,
  nodes: ReadonlyMap<string, V1Node> | undefined,
  told: ReadonlyMap<string, string>,
): readonly Finding[] {
  const fault = faultOf(status);
  if (fault === undefined) return [];
  const about = { check: 'agents', node } as const;
  const known = nodes?.get(node);
  if (nodes !== undefined && known === undefined)
    return [
      {
        ...about,
        severity: 'info',
        what: 'its agent Pod remains, but the node is gone',
        evidence: `${pod}: ${fault}`,
        fix: `wait for the garbage collector, or delete Pod ${pod}`,
      },
    ];
  const report = told.size === 0 ? '' : (told.get(node) ?? 'no server that answered has its feed');
  const evidence = [`${pod}: ${fault}`, report].filter((part) => part !== '').join('; ');
  if (known !== undefined && isKubeletSilent(known))
    return [
      {
        ...about,
        severity: 'warning',
        what: 'the node is NotReady: nothing is known about its rules',
        evidence,
        fix: `repair the node: kubectl describe node ${node}`,
      },
    ];
  return [
    {
      ...about,
      severity: 'error',
      what: 'the agent does not answer',
      evidence,
      fix: `look at its containers: kubectl describe pod -n ${pod.replace('/', ' ')}`,
    },
  ];
}

/** What agents last told the servers, by node. */
function reported(servers: Cluster['servers']): ReadonlyMap<string, string> {
  const agents = servers.flatMap(({ status }) => valueOf(status)?.agents ?? []);
  return new Map(
    agents.map(({ node, connectedForSeconds = 0, interception }) => {
      const lost = Object.keys(interception).filter((layer) => interception[layer] === false);
      const known = Object.keys(interception).length === 0 ? 'not reported' : 'ok';
      const rules = lost.length === 0 ? known : `lost: ${lost.join(',')}`;
      return [
        node,
        `its feed is connected to a server for ${roughly(connectedForSeconds * 1000)}, its rules: ${rules}`,
      ];
    }),
  );
}
