import type { V1ContainerStatus, V1Pod } from '../../answers/objects.ts';
import { valueOf } from '../../answers/answer.ts';
import { fullName, isAgent, isServer, isTerminating } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** A container that was restarted more often is named. */
const MANY_RESTARTS = 5;

/** Of what the agent needs to be ready, these have findings of their own. */
const COVERED = ['interception', 'ports'];
/** These follow from a feed that is not connected. */
const WITHOUT_FEED = ['table', 'metadata'];

/** Probes and readiness, as kubelet and the agents say. */
export function checkProbes(cluster: Cluster): readonly Finding[] {
  const pods = (valueOf(cluster.pods) ?? []).filter(
    (pod) => (isAgent(pod) || isServer(pod)) && !isTerminating(pod),
  );
  const served = new Set(pods.filter(isReady).map(placeOf));
  return [
    ...pods.flatMap((pod) => ofPod(pod, served.has(placeOf(pod)))),
    ...cluster.agents.flatMap(notReady),
  ];
}

/** Where one Pod that is ready is enough: during an upgrade, another may not be. */
function placeOf(pod: V1Pod): string {
  return isAgent(pod) ? `node ${pod.spec?.nodeName ?? ''}` : 'server';
}

function isReady({ status }: V1Pod): boolean {
  return (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True');
}

function ofPod(pod: V1Pod, isServed: boolean): readonly Finding[] {
  const { status, spec } = pod;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const kind = isAgent(pod) ? 'agent' : 'server';
  // Of a server nobody asks for the node.
  const node = kind === 'agent' ? spec?.nodeName : undefined;
  return containers.flatMap((container): Finding[] => {
    const why = faultOf(container);
    if (why === undefined) return [];
    return [
      {
        severity: container.ready || isServed ? 'warning' : 'error',
        check: 'probes',
        node,
        what: `the container ${container.name} of ${kind === 'agent' ? 'an agent' : 'a server'} ${why}`,
        evidence: `${fullName(pod)}${waitsFor(container)}${lastEnd(container)}`,
        fix: `see why: ${seeWhy(pod, container)}`,
      },
    ];
  });
}

function faultOf({ state, restartCount, started, ready }: V1ContainerStatus): string | undefined {
  const waiting = state?.waiting?.reason;
  if (waiting !== undefined && waiting !== 'PodInitializing' && waiting !== 'ContainerCreating')
    return `does not start: ${waiting}`;
  if (state?.running !== undefined && started === false) return 'does not pass its startup probe';
  if (state?.running !== undefined && !ready) return 'is not ready';
  return restartCount > MANY_RESTARTS ? 'was restarted often' : undefined;
}

/** Such as `secret "NAME" not found`. */
function waitsFor({ state }: V1ContainerStatus): string {
  const message = state?.waiting?.message ?? '';
  return message === '' ? '' : `: ${message}`;
}

/** A container that has not run has no log. */
function seeWhy(pod: V1Pod, { name, lastState, state }: V1ContainerStatus): string {
  const place = `-n ${fullName(pod).replace('/', ' ')}`;
  if (lastState?.terminated !== undefined) return `kubectl logs ${place} -c ${name} --previous`;
  return state?.waiting === undefined ? `kubectl logs ${place} -c ${name}` : `kubectl describe pod ${place}`;
}

function lastEnd({ lastState, restartCount }: V1ContainerStatus): string {
  const end = lastState?.terminated;
  if (end === undefined) return '';
  return `: ${restartCount} restarts, the last after exit code ${end.exitCode} (${end.reason ?? 'no reason'})`;
}

function notReady({ node, pod, status }: Cluster['agents'][number]): readonly Finding[] {
  const value = valueOf(status);
  const covered = value?.server?.feed.connected === false ? [...COVERED, ...WITHOUT_FEED] : COVERED;
  return (value?.notReady ?? [])
    .filter((why) => !covered.some((name) => why.startsWith(`${name}: `)))
    .map((why) => ({
      severity: 'error',
      check: 'probes',
      node,
      what: `the agent is not ready: ${why}`,
      evidence: pod,
      fix: `see its log: kubectl rolegate logs --node ${node}`,
    }));
}
