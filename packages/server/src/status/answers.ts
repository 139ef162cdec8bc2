import type { StatusAnswer } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects/objects.ts';
import { explanationText } from './explain-pod-text.ts';
import { explainPod } from './explain-pod.ts';
import { roleExplanationText } from './explain-role-text.ts';
import { explainRole } from './explain-role.ts';
import { createPace } from './pace.ts';
import type { ServerReadings } from './readings.ts';
import { serverStatusText } from './server-status-text.ts';
import { serverStatus } from './server-status.ts';

/** For an answer about a role. The status socket and `kubectl rolegate` give up after 5 s. Milliseconds. */
const ROLE_WITHIN_MS = 2_000;

/** Answers about the server, one Pod or one role. They never contain a secret, key or token. */
export function createServerStatus(
  readings: ServerReadings,
): (asked: URLSearchParams) => StatusAnswer | Promise<StatusAnswer> {
  const startedMs = readings.clock.monotonic();
  const podAnswer = createPodAnswers(readings);
  const roleAnswer = createRoleAnswers(readings);

  return (asked) => {
    const pod = asked.get('pod');
    if (pod !== null) return podAnswer(pod);
    const role = asked.get('role');
    if (role !== null) return roleAnswer(role);
    const value = serverStatus(readings, startedMs);
    return { found: true, value, text: serverStatusText(value) };
  };
}

/** By a Pod's full name or UID. */
function createPodAnswers(readings: ServerReadings): (name: string) => StatusAnswer {
  const { cluster } = readings;

  function podsOf(name: string): readonly Pod[] {
    const byUid = cluster.pods.get(name);
    if (byUid !== undefined) return [byUid];
    const [namespace = '', podName] = name.split('/');
    return cluster.pods.inNamespace(namespace).filter((pod) => pod.name === podName);
  }

  return (name) => {
    const all = podsOf(name).map((pod) => explainPod(pod, readings));
    if (all.length === 0) return notThere(name, cluster.synced());
    return { found: true, value: all.length === 1 ? all[0] : all, text: all.map(explanationText).join('\n') };
  };
}

/** By an ARN, path/name or /path/name. One at a time, so that many questions take no more of the event loop than one. */
function createRoleAnswers(readings: ServerReadings): (role: string) => Promise<StatusAnswer> {
  let last: Promise<unknown> = Promise.resolve();

  async function answer(role: string): Promise<StatusAnswer> {
    const facts = readings.about(role);
    if ('fault' in facts) {
      const fault = `${JSON.stringify(role)} ${facts.fault}`;
      return { found: false, value: { role, found: false, fault }, text: `${fault}\n` };
    }
    const value = await explainRole(facts.value, readings, createPace(readings.clock, ROLE_WITHIN_MS));
    return { found: true, value, text: roleExplanationText(value) };
  }

  return (role) => {
    const next = last.then(() => answer(role));
    last = next.catch(() => undefined);
    return next;
  };
}

function notThere(name: string, synced: boolean): StatusAnswer {
  const waitsFor = synced
    ? 'nothing: the list of Pods is complete and does not contain it'
    : 'the first list of Pods: the cluster has not been read yet';
  const text = `Pod ${JSON.stringify(name)} is not known to this server. It waits for ${waitsFor}.\n`;
  return { found: false, value: { pod: name, found: false, waitsFor }, text };
}
