import { annotation } from '@rolegate/server';
import type { PodFacts } from '../report/pod-facts.ts';
import { clientOfImage } from './sdk-versions.ts';

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
  /** The labels `app.kubernetes.io/version`. */
  readonly versions: readonly string[];
  readonly hostNetwork: number;
  readonly withExternalId: number;
  /** Other Pods of the ServiceAccount, which have no role. */
  readonly withoutRole: number;
  /** What the Pods ask for credentials with. */
  readonly clients: readonly SeenClient[];
  /** Pods of which that is not known. */
  readonly unseen: number;
  /** The role that the ServiceAccount has by IRSA already; undefined if it has none. */
  readonly webIdentityRole: string | undefined;
  /** Whether Pods of its Namespace get the token of container credentials when they are restarted. */
  readonly hasToken: boolean;
}

export interface SeenClient {
  /** As the agent prints it, e.g. `boto3/1.34.0`. */
  readonly client: string;
  readonly pods: number;
  /** The first of them. */
  readonly names: readonly string[];
}

interface Named {
  pods: number;
  readonly names: string[];
}

interface State extends Named {
  withoutRole: number;
  hostNetwork: number;
  withExternalId: number;
  unseen: number;
  readonly roles: Set<string>;
  readonly images: Set<string>;
  readonly versions: Set<string>;
  readonly clients: Map<string, Named>;
}

const MOST_ROLES = 20;
const MOST_NAMES = 5;
/** Of images, of their versions and of clients. */
const MOST_KINDS = 10;

export interface WorkloadsDeps {
  /** What a Pod was seen to ask with, by its UID. */
  readonly clientsOf: (uid: string) => readonly string[];
  readonly externalIdKey?: string;
}

/** Collects Pods by ServiceAccount, which is what IRSA and Pod Identity give roles to. */
export function createWorkloads({ clientsOf, externalIdKey = annotation.externalId }: WorkloadsDeps) {
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
      count(state, pod.name);
      if (pod.hostNetwork) state.hostNetwork += 1;
      if (pod.annotations[externalIdKey] !== undefined) state.withExternalId += 1;
      if (state.roles.size < MOST_ROLES) state.roles.add(role);
      if (pod.version !== '') addSome(state.versions, [pod.version]);
      addSome(state.images, pod.images);
      addClients(state, pod, clientsOf(pod.uid));
    },
    /** By Namespace and name. */
    all: (): readonly Omit<Workload, 'webIdentityRole' | 'hasToken'>[] =>
      [...found]
        .filter(([, { pods }]) => pods > 0)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, { roles, images, versions, clients, ...state }]) => {
          const [namespace = '', serviceAccount = ''] = key.split('/');
          return {
            namespace,
            serviceAccount,
            ...state,
            roles: [...roles].sort(),
            images: [...images].sort(),
            versions: [...versions].sort(),
            clients: [...clients].map(([client, seen]) => ({ client, ...seen })),
          };
        }),
  };
}

/** What was seen counts before what the tags of images tell. */
function addClients(state: State, { name, images }: PodFacts, seen: readonly string[]): void {
  const tagged = images.map(clientOfImage);
  const known = seen.length > 0 ? seen : tagged.every((client) => client !== undefined) ? tagged : [];
  if (known.length === 0) state.unseen += 1;
  for (const client of new Set(known)) {
    const entry = state.clients.get(client) ?? { pods: 0, names: [] };
    if (state.clients.size < MOST_KINDS) state.clients.set(client, entry);
    count(entry, name);
  }
}

function count(named: Named, name: string): void {
  named.pods += 1;
  if (named.names.length < MOST_NAMES) named.names.push(name);
}

function addSome(kinds: Set<string>, names: readonly string[]): void {
  for (const name of names) if (kinds.size < MOST_KINDS) kinds.add(name);
}

function newState(): State {
  return {
    pods: 0,
    names: [],
    hostNetwork: 0,
    withExternalId: 0,
    withoutRole: 0,
    unseen: 0,
    roles: new Set(),
    images: new Set(),
    versions: new Set(),
    clients: new Map(),
  };
}
