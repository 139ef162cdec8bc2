import { isEvent, nodeEvent } from './node-event.ts';
import type { NodeEvent } from './node-event.ts';
import { NotCloudTrail, splitRecords } from './split-records.ts';

/** Who used the roles of nodes, by a CloudTrail export. */
export interface NodeRoleUse {
  readonly events: number;
  /** Events with the role of a node. */
  readonly nodeEvents: number;
  /** Records that could not be read, or are too long. */
  readonly unread: number;
  /** Of the first and the last event with the role of a node; '' if there is none. */
  readonly from: string;
  readonly to: string;
  /** Pods without a role of their own from whose address such a call came. */
  readonly pods: readonly PodUse[];
  /** Calls from other addresses, mostly the node's own, with the most frequent first. */
  readonly software: readonly SoftwareUse[];
  /** Calls for which there was no row left. */
  readonly moreCalls: number;
}

export interface PodUse {
  readonly pod: string;
  readonly calls: number;
  readonly actions: readonly string[];
}

export interface SoftwareUse {
  readonly software: string;
  readonly roleArn: string;
  readonly calls: number;
  readonly actions: readonly string[];
  readonly nodes: readonly string[];
  /** Every node makes such calls by itself: kubelet, the VPC CNI, the SSM agent. */
  readonly usual: boolean;
}

export interface NodeRoleUseDeps {
  /** A Pod without a role of its own, as NAMESPACE/NAME, by its address. */
  readonly podAt: (ip: string) => string | undefined;
  /** The name of a node, by its instance. */
  readonly nodeOf: (instance: string) => string | undefined;
  readonly progress: (events: number) => void;
}

const MOST_ROWS = 5_000;
const MOST_ACTIONS = 8;
const MOST_NODES = 5;
const USUAL_SERVICES = ['ecr', 'ssm', 'ssmmessages', 'ec2messages'];
const USUAL_SOFTWARE = /amazon-vpc-cni|ecr-credential-provider|amazon-ssm-agent|kubelet/i;

interface Row {
  calls: number;
  usual: boolean;
  readonly actions: Set<string>;
  readonly nodes: Set<string>;
  readonly event: NodeEvent;
}

/** Reads an export, which is decompressed already. Throws NotCloudTrail if it is none. */
export async function readNodeRoleUse(
  chunks: AsyncIterable<Buffer>,
  deps: NodeRoleUseDeps,
): Promise<NodeRoleUse> {
  const pods = new Map<string, Row>();
  const software = new Map<string, Row>();
  const counts = { events: 0, nodeEvents: 0, unread: 0, moreCalls: 0 };
  let from = '';
  let to = '';
  for await (const records of splitRecords(chunks)) {
    for (const bytes of records) {
      if (counts.events === 0) checkFirst(bytes);
      counts.events += 1;
      const event = bytes === undefined ? 'unreadable' : nodeEvent(bytes);
      if (event === undefined) continue;
      if (event === 'unreadable') {
        counts.unread += 1;
        continue;
      }
      counts.nodeEvents += 1;
      if (from === '' || event.time < from) from = event.time;
      if (event.time > to) to = event.time;
      const pod = deps.podAt(event.sourceIp);
      const counted =
        pod === undefined
          ? count(software, JSON.stringify([event.software, event.roleArn]), event, deps)
          : count(pods, pod, event, deps);
      if (!counted) counts.moreCalls += 1;
    }
    deps.progress(counts.events);
  }
  return {
    ...counts,
    from,
    to,
    pods: inOrder(pods).map(([pod, { calls, actions }]) => ({ pod, calls, actions: [...actions] })),
    software: inOrder(software).map(([, { event, calls, actions, nodes, usual }]) => ({
      software: event.software,
      roleArn: event.roleArn,
      calls,
      actions: [...actions],
      nodes: [...nodes],
      usual,
    })),
  };
}

function checkFirst(bytes: Buffer | undefined): void {
  if (bytes !== undefined && !isEvent(bytes))
    throw new NotCloudTrail('has no CloudTrail events: its first record has no eventSource');
}

/** False if there is no row left for it. */
function count(rows: Map<string, Row>, key: string, event: NodeEvent, { nodeOf }: NodeRoleUseDeps): boolean {
  let row = rows.get(key);
  if (row === undefined) {
    if (rows.size >= MOST_ROWS) return false;
    row = { calls: 0, usual: true, actions: new Set(), nodes: new Set(), event };
    rows.set(key, row);
  }
  row.calls += 1;
  row.usual &&= USUAL_SERVICES.includes(event.service) || USUAL_SOFTWARE.test(event.software);
  if (row.actions.size < MOST_ACTIONS) row.actions.add(`${event.service}:${event.action}`);
  if (row.nodes.size < MOST_NODES) row.nodes.add(nodeOf(event.instance) ?? event.instance);
  return true;
}

function inOrder(rows: Map<string, Row>): readonly [string, Row][] {
  return [...rows].sort(([, one], [, other]) => other.calls - one.calls);
}
