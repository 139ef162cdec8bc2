import { valueOf } from '../answers/answer.ts';
import type { Evidence } from './evidence.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';

/** What keeps a Pod from getting anything, whatever its annotations are; undefined: nothing. */
export function obstacleOf(evidence: Evidence): Link | undefined {
  if (evidence.absence !== undefined) return absent(evidence);
  const pod = valueOf(evidence.pod);
  if (pod === undefined) return undefined;
  const phase = pod.status?.phase ?? '';
  if (phase === 'Succeeded' || phase === 'Failed')
    return link('Pod', 'broken', `it has ended (${phase}), and gets nothing any more`, {
      next: 'ask about the Pod that replaces it',
      commands: [`kubectl -n ${namespaceOf(evidence)} get pods`],
    });
  if (pod.spec?.nodeName === undefined || pod.spec.nodeName === '')
    return link('Pod', 'broken', 'it is not scheduled to a node yet', {
      next: 'see why',
      commands: [`kubectl -n ${namespaceOf(evidence)} describe pod ${evidence.name.split('/')[1] ?? ''}`],
    });
  return undefined;
}

function absent(evidence: Evidence): Link {
  const { absence, server, agent } = evidence;
  const namespace = namespaceOf(evidence);
  const isKnown = valueOf(server)?.decision !== undefined || valueOf(agent)?.pod !== undefined;
  const near = absence?.near ?? [];
  if (absence?.isNamespaceMissing === true)
    return link(
      'Pod',
      'broken',
      `Namespace ${namespace} does not exist`,
      nearStep(near, 'kubectl get namespaces'),
    );
  const says = isKnown
    ? 'the API server has no such Pod any more; the other links are what Rolegate remembers of it'
    : `there is no such Pod in Namespace ${namespace}`;
  return link('Pod', 'broken', says, nearStep(near, `kubectl -n ${namespace} get pods`));
}

function nearStep(near: readonly string[], list: string) {
  return near.length === 0
    ? { next: 'look up its name and Namespace', commands: [list] }
    : {
        next: 'ask about a Pod that exists',
        commands: near.map((name) => `kubectl rolegate explain ${name}`),
      };
}

function namespaceOf({ name }: Evidence): string {
  return name.split('/')[0] ?? '';
}

/** The node of the Pod; undefined: none, or not known. */
export function nodeOf({ pod, server }: Evidence): string | undefined {
  const node = valueOf(pod)?.spec?.nodeName ?? valueOf(server)?.node;
  return node === '' ? undefined : node;
}
