import type { V1Node, V1Pod } from '../../answers/objects.ts';
import { roughly } from '@rolegate/runtime';
import { faultOf, valueOf } from '../../answers/answer.ts';
import { fullName, isAgent } from '../cluster.ts';
import type { AgentReading, Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** Nodes on which no Pod of a DaemonSet can run. */
const FARGATE = 'eks.amazonaws.com/compute-type';
const VIRTUAL = 'virtual-kubelet';
const OS = 'kubernetes.io/os';

/** Nodes without an agent, agents that do not answer, and agents of nodes that are gone. */
export function checkNodes(cluster: Cluster): readonly Finding[] {
  const pods = valueOf(cluster.pods)?.filter(isAgent);
  const nodes = valueOf(cluster.nodes);
  return [
    ...(nodes === undefined || pods === undefined ? [] : nodes.flatMap((node) => withoutAgent(node, pods))),
    ...cluster.agents.flatMap((agent) => silent(agent, nodes, cluster.servers)),
  ];
}

function withoutAgent(node: V1Node, agents: readonly V1Pod[]): readonly Finding[] {
  const name = node.metadata?.name ?? '';
  const own = agents.filter(({ spec }) => spec?.nodeName === name);
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
  const [ended] = own;
  const pending = agents.find((pod) => pod.spec?.nodeName === undefined && isMeantFor(pod, name));
  return [
    {
      ...about,
      severity: 'error',
      what: 'no agent runs on the node: its Pods can reach the credentials of the node and get none of their own',
      evidence:
        ended === undefined
          ? pending === undefined
            ? `no agent Pod has spec.nodeName ${name}${taintsText(node)}`
            : `${fullName(pending)} is not scheduled: ${scheduledMessage(pending)}`
          : `${fullName(ended)} is ${ended.status?.phase ?? 'unknown'}`,
      fix: 'let the DaemonSet tolerate the taints and match the labels of the node (chart values tolerations, nodeSelector, affinity)',
    },
  ];
}

function outsideOf({ metadata }: V1Node): string | undefined {
  const labels = metadata?.labels ?? {};
  if (labels[FARGATE] === 'fargate') return 'it is a Fargate node';
  if (labels['type'] === VIRTUAL) return 'it is a virtual kubelet';
  const os = labels[OS];
  return os !== undefined && os !== 'linux' ? `its operating system is ${os}` : undefined;
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

function taintsText({ spec }: V1Node): string {
  const taints = (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
  return taints.length === 0 ? '' : `; its taints: ${taints.join(', ')}`;
}

function isLive({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function silent(
  { node, pod, status }: AgentReading,
  nodes: readonly V1Node[] | undefined,
  servers: Cluster['servers'],
): readonly Finding[] {
  const fault = faultOf(status);
  if (fault === undefined) return [];
  const isGone = nodes !== undefined && !nodes.some(({ metadata }) => metadata?.name === node);
  return [
    {
      severity: isGone ? 'info' : 'error',
      check: 'agents',
      node,
      what: isGone ? 'its agent Pod remains, but the node is gone' : 'the agent does not answer',
      evidence: `${pod}: ${fault}${reportedText(node, servers)}`,
      fix: isGone
        ? `wait for the garbage collector, or delete Pod ${pod}`
        : `look at its containers: kubectl describe pod -n ${pod.replace('/', ' ')}`,
    },
  ];
}

/** What the agent last told a server. */
function reportedText(node: string, servers: Cluster['servers']): string {
  const agents = servers.flatMap(({ status }) => valueOf(status)?.agents ?? []);
  const agent = agents.find((one) => one.node === node);
  if (agent === undefined) return servers.length === 0 ? '' : '; no server that answered has its feed';
  const { connectedForSeconds = 0, interception } = agent;
  const lost = Object.keys(interception).filter((layer) => interception[layer] === false);
  const known = Object.keys(interception).length === 0 ? 'not reported' : 'ok';
  const rules = lost.length === 0 ? known : `lost: ${lost.join(',')}`;
  return `; its feed is connected to a server for ${roughly(connectedForSeconds * 1000)}, its rules: ${rules}`;
}
