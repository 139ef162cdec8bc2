import type { V1ContainerStatus, V1DaemonSet, V1Namespace, V1Node, V1Pod } from '../answers/objects.ts';

/**
 * Copies of API objects with only what the checks read: a page of whole objects is garbage once it has been read, so that
 * thousands of Pods and nodes take little memory.
 */

/** Texts that people or controllers write are cut. Characters. */
const LONGEST_MESSAGE = 500;

type Labels = Readonly<Record<string, string>>;

/** `labels`: the keys that are kept. */
export function smallNode({ metadata, spec, status }: V1Node, labels: ReadonlySet<string>): V1Node {
  return {
    metadata: { name: metadata?.name ?? '', labels: picked(metadata?.labels, labels) },
    spec: {
      taints: (spec?.taints ?? []).map(({ key, value, effect }) => ({
        key,
        effect,
        ...(value !== undefined && { value }),
      })),
    },
    status: {
      conditions: (status?.conditions ?? [])
        .filter(({ type }) => type === 'Ready')
        .map((condition) => ({ type: condition.type, status: condition.status })),
    },
  };
}

const POD_LABELS = new Set([
  'app',
  'app.kubernetes.io/component',
  'app.kubernetes.io/name',
  'app.kubernetes.io/part-of',
  'k8s-app',
  'name',
]);

export function smallPod({ metadata, spec, status }: V1Pod): V1Pod {
  return {
    metadata: {
      ...nameOf(metadata),
      ...(metadata?.deletionTimestamp !== undefined && { deletionTimestamp: metadata.deletionTimestamp }),
      labels: picked(metadata?.labels, POD_LABELS),
      ownerReferences: (metadata?.ownerReferences ?? [])
        .slice(0, 1)
        .map(({ apiVersion, kind, name, uid }) => ({ apiVersion, kind, name, uid })),
    },
    spec: {
      ...(spec?.nodeName !== undefined && { nodeName: spec.nodeName }),
      ...(spec?.hostNetwork === true && { hostNetwork: true }),
      ...userOf(spec?.securityContext),
      // The scheduler has used it once the Pod has a node.
      ...(spec?.nodeName === undefined && spec?.affinity !== undefined && { affinity: spec.affinity }),
      containers: (spec?.containers ?? []).map((container) => ({
        name: container.name,
        ...(container.image !== undefined && { image: container.image }),
        ...userOf(container.securityContext),
        ...(isProxy(metadata?.labels) && { command: container.command ?? [], args: container.args ?? [] }),
      })),
    },
    status: {
      ...(status?.phase !== undefined && { phase: status.phase }),
      conditions: (status?.conditions ?? [])
        .filter(({ type }) => type === 'Ready' || type === 'PodScheduled')
        .map((condition) => ({
          type: condition.type,
          status: condition.status,
          ...(condition.message !== undefined && { message: cut(condition.message) }),
        })),
      initContainerStatuses: (status?.initContainerStatuses ?? []).map(smallContainerStatus),
      containerStatuses: (status?.containerStatuses ?? []).map(smallContainerStatus),
    },
  };
}

function smallContainerStatus(status: V1ContainerStatus): V1ContainerStatus {
  const { name, ready, started, restartCount, state, lastState } = status;
  const end = lastState?.terminated;
  return {
    name,
    ready,
    restartCount,
    image: '',
    imageID: '',
    ...(started !== undefined && { started }),
    state: {
      ...(state?.running !== undefined && { running: {} }),
      ...(state?.waiting !== undefined && {
        waiting: {
          reason: state.waiting.reason ?? '',
          message: (state.waiting.message ?? '').slice(0, LONGEST_MESSAGE),
        },
      }),
    },
    ...(end !== undefined && {
      lastState: { terminated: { exitCode: end.exitCode, reason: end.reason ?? 'no reason' } },
    }),
  };
}

export function smallDaemonSet({ metadata, spec, status }: V1DaemonSet): V1DaemonSet {
  const pod = spec?.template.spec;
  return {
    metadata: { ...nameOf(metadata), labels: picked(metadata?.labels, POD_LABELS) },
    spec: {
      selector: {},
      template: {
        spec: {
          containers: (pod?.containers ?? []).map(({ name, image = '' }) => ({ name, image })),
          ...(pod?.nodeSelector !== undefined && { nodeSelector: pod.nodeSelector }),
          ...(pod?.affinity !== undefined && { affinity: pod.affinity }),
          ...(pod?.tolerations !== undefined && { tolerations: pod.tolerations }),
        },
      },
    },
    status: {
      desiredNumberScheduled: status?.desiredNumberScheduled ?? 0,
      currentNumberScheduled: status?.currentNumberScheduled ?? 0,
      numberReady: status?.numberReady ?? 0,
      numberMisscheduled: status?.numberMisscheduled ?? 0,
    },
  };
}

const NAMESPACE_LABELS = new Set(['pod-security.kubernetes.io/enforce']);

export function smallNamespace({ metadata }: V1Namespace): V1Namespace {
  return { metadata: { name: metadata?.name ?? '', labels: picked(metadata?.labels, NAMESPACE_LABELS) } };
}

function nameOf(metadata: V1Pod['metadata']): { readonly name: string; readonly namespace: string } {
  return { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '' };
}

function userOf(context: { readonly runAsUser?: number } | undefined) {
  return context?.runAsUser === undefined ? {} : { securityContext: { runAsUser: context.runAsUser } };
}

function isProxy(labels: Labels = {}): boolean {
  return labels['k8s-app'] === 'kube-proxy';
}

function picked(labels: Labels = {}, keys: ReadonlySet<string>): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => keys.has(key)));
}

function cut(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}
