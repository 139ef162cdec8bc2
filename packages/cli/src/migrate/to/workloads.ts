import { annotation } from '@rolegate/server';
import type { PodFacts } from '../report/pod-facts.ts';

/** The Pods of a ServiceAccount that have a role. */
export interface Workload {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** ARNs, by name. */
  readonly roles: readonly string[];
  readonly pods: number;
  /** The first of them. */
  readonly names: readonly string[];
  readonly images: readonly string[];
  readonly hostNetwork: number;
  readonly withExternalId: number;
  /** Other Pods of the ServiceAccount, which have no role. */
  readonly withoutRole: number;
}

interface State {
  withoutRole: number;
  pods: number;
  hostNetwork: number;
  withExternalId: number;
  readonly roles: Set<string>;
  readonly names: string[];
  readonly images: Set<string>;
}

const MOST_ROLES = 20;
const MOST_NAMES = 5;
const MOST_IMAGES = 10;

/** Collects Pods by ServiceAccount, which is what IRSA and Pod Identity give roles to. */
export function createWorkloads(externalIdKey: string = annotation.externalId) {
  const found = new Map<string, State>();
  return {
    add(pod: PodFacts, role: string | undefined): void {
      const key = `${pod.namespace}/${pod.serviceAccount}`;
      const state = found.get(key) ?? newState();
      found.set(key, state);
      if (role === undefined) {
        state.withoutRole += 1;
        return;
      }
      state.pods += 1;
      if (pod.hostNetwork) state.hostNetwork += 1;
      if (pod.annotations[externalIdKey] !== undefined) state.withExternalId += 1;
      if (state.roles.size < MOST_ROLES) state.roles.add(role);
      if (state.names.length < MOST_NAMES) state.names.push(pod.name);
      for (const image of pod.images) if (state.images.size < MOST_IMAGES) state.images.add(image);
    },
    /** By Namespace and name. */
    all: (): readonly Workload[] =>
      [...found]
        .filter(([, { pods }]) => pods > 0)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, { roles, images, ...state }]) => {
          const [namespace = '', serviceAccount = ''] = key.split('/');
          return {
            namespace,
            serviceAccount,
            ...state,
            roles: [...roles].sort(),
            images: [...images].sort(),
          };
        }),
  };
}

function newState(): State {
  return {
    pods: 0,
    hostNetwork: 0,
    withExternalId: 0,
    withoutRole: 0,
    roles: new Set(),
    names: [],
    images: new Set(),
  };
}
