import { faultOf, valueOf } from '../answers/answer.ts';
import type { Answer } from '../answers/answer.ts';
import type { V1Pod } from '../answers/objects.ts';
import { pickExplanation } from '../answers/server-explanation.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { findRolegatePods } from '../cluster/find-rolegate-pods.ts';
import type { FoundRolegatePods } from '../cluster/find-rolegate-pods.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { PodWord } from '../command-line/pod-word.ts';
import type { Output } from '../output/output.ts';
import { askAgents, askServers } from './ask-rolegate.ts';
import type { AskedServers } from './ask-rolegate.ts';
import type { Evidence } from './evidence.ts';
import { faultText } from './fault-text.ts';
import { readImported } from './read-imported.ts';
import { readPod } from './read-pod.ts';
import { readRefusals } from './read-refusals.ts';

export interface GatherDeps extends Pick<Cluster, 'connection' | 'exec'> {
  /** Where Rolegate runs; undefined: anywhere. */
  readonly rolegateNamespace: string | undefined;
  readonly output: Pick<Output, 'note' | 'progress'>;
  readonly signal: AbortSignal;
}

/**
 * Asks everybody who knows something about the Pod, at once as far as possible. Rejects only if the API server answers
 * nobody.
 */
export async function gatherEvidence(named: PodWord, deps: GatherDeps): Promise<Evidence> {
  const { connection, output, signal } = deps;
  const name = `${named.namespace}/${named.name}`;
  output.progress(`reading Pod ${name}`);
  const reading = readPod(connection, named, signal);
  const finding = find(deps);
  const asking = finding.then((found) => askServers(name, rolegatePods(found, 'server'), deps));
  const placing = reading.then(({ pod }) => placeOf(pod, asking));
  const [{ pod, absence }, found, servers, node, imported] = await Promise.all([
    reading,
    finding,
    asking,
    Promise.all([placing, finding]).then(([place, all]) => askNode(named, place, { ...deps, found: all })),
    reading.then((read) => importedBy(valueOf(read.pod), named, deps)),
  ]);
  output.progress('');
  return {
    name,
    pod,
    absence,
    isInstalled: valueOf(found)?.namespace !== undefined || valueOf(found)?.pods.length !== 0,
    server: explanationOf(servers, found, valueOf(pod)?.metadata?.uid),
    silentServers: servers.silent,
    ...node,
    imported,
  };
}

async function find({
  connection,
  rolegateNamespace: namespace,
  output,
  signal,
}: GatherDeps): Promise<Answer<FoundRolegatePods>> {
  const note = (line: string) => {
    output.note(line);
  };
  try {
    return { value: await findRolegatePods(connection, { namespace, signal, note }) };
  } catch (error) {
    return { fault: faultText(error) };
  }
}

/** Running ones first. Pods that have ended, such as evicted ones, answer nobody. */
function rolegatePods(
  found: Answer<FoundRolegatePods>,
  component: RolegatePod['component'],
): readonly RolegatePod[] {
  const pods = valueOf(found)?.pods ?? [];
  return pods
    .filter((pod) => pod.component === component && !['Succeeded', 'Failed'].includes(pod.phase))
    .toSorted((a, b) => Number(b.ready) - Number(a.ready));
}

/** Where the Pod is, and how it is told from others of its name. */
interface Place {
  readonly node: string | undefined;
  readonly uid: string | undefined;
  readonly ips: readonly string[];
}

/** By the servers only if the Pod cannot be read. */
async function placeOf(pod: Answer<V1Pod>, asking: Promise<AskedServers>): Promise<Place> {
  const read = valueOf(pod);
  if (read !== undefined)
    return {
      node: read.spec?.nodeName,
      uid: read.metadata?.uid,
      // On the host network, they are all Pods'.
      ips: read.spec?.hostNetwork === true ? [] : (read.status?.podIPs ?? []).flatMap(({ ip }) => ip),
    };
  const explained = valueOf(pickExplanation((await asking).answers, undefined));
  return {
    node: explained?.node === '' ? undefined : explained?.node,
    uid: explained?.uid,
    ips: [],
  };
}

/** Asks the agents of the Pod's node, and reads their logs. */
async function askNode(
  named: PodWord,
  { node, uid, ips }: Place,
  deps: GatherDeps & { readonly found: Answer<FoundRolegatePods> },
): Promise<Pick<Evidence, 'agents' | 'agent' | 'agentStatus' | 'refusals'>> {
  const { found, connection, signal } = deps;
  const agents = agentsOn(node, found);
  if (agents === undefined) {
    const fault = {
      fault: faultOf(found) ?? (node === undefined ? 'its node is not known' : noneFound(found)),
    };
    // A Pod without a node has asked for nothing.
    const refusals = node === undefined && uid !== undefined ? { value: [] } : fault;
    return { agents, agent: fault, agentStatus: fault, refusals };
  }
  const name = `${named.namespace}/${named.name}`;
  const [answers, refusals] = await Promise.all([
    askAgents(name, { agents, uid }, deps),
    readRefusals(connection, agents, { ...named, uid, ips }, signal),
  ]);
  return { agents, ...answers, refusals };
}

/** Undefined: not known. */
function agentsOn(
  node: string | undefined,
  found: Answer<FoundRolegatePods>,
): readonly RolegatePod[] | undefined {
  const all = rolegatePods(found, 'agent');
  // Without any agent where it was searched, they may be elsewhere.
  const isElsewhere = all.length === 0 && valueOf(found)?.namespace !== undefined;
  if (node === undefined || 'fault' in found || isElsewhere) return undefined;
  return all.filter((pod) => pod.node === node);
}

function explanationOf(
  { answers }: AskedServers,
  found: Answer<FoundRolegatePods>,
  uid: string | undefined,
): Evidence['server'] {
  if (answers.length > 0) return pickExplanation(answers, uid);
  return { fault: faultOf(found) ?? noneFound(found) };
}

function noneFound(found: Answer<FoundRolegatePods>): string {
  const namespace = valueOf(found)?.namespace;
  return namespace === undefined
    ? 'none was found in any Namespace'
    : `none was found in Namespace ${namespace} (--rolegate-namespace names another)`;
}

function importedBy(
  pod: V1Pod | undefined,
  { namespace }: PodWord,
  { connection, signal }: GatherDeps,
): Promise<Evidence['imported']> {
  return pod === undefined ? Promise.resolve({}) : readImported(connection, pod, namespace, signal);
}
