import type { StatusAnswer } from '@rolegate/runtime';
import type { Pod } from '../kubernetes/objects/objects.ts';
import { explanationText } from './explain-pod-text.ts';
import { explainPod } from './explain-pod.ts';
import type { ServerReadings } from './readings.ts';
import { serverStatusText } from './server-status-text.ts';
import { serverStatus } from './server-status.ts';

/** Answers about the server or one Pod. They never contain a secret, key or token. */
export function createServerStatus(readings: ServerReadings): (asked: URLSearchParams) => StatusAnswer {
  const startedMs = readings.clock.monotonic();
  const podAnswer = createPodAnswers(readings);

  return (asked) => {
    const pod = asked.get('pod');
    if (pod !== null) return podAnswer(pod);
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

function notThere(name: string, synced: boolean): StatusAnswer {
  const waitsFor = synced
    ? 'nothing: the list of Pods is complete and does not contain it'
    : 'the first list of Pods: the cluster has not been read yet';
  const text = `Pod ${JSON.stringify(name)} is not known to this server. It waits for ${waitsFor}.\n`;
  return { found: false, value: { pod: name, found: false, waitsFor }, text };
}
