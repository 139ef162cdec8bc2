import { changeKinds } from './change.ts';
import type { Change, ChangeKind } from './change.ts';
import type { Judged } from './judge.ts';
import type { PodFacts } from './pod-facts.ts';

/** Names of Pods that are kept of each group. */
const MOST_NAMES = 5;
/** Groups of one kind in a Namespace; the Pods of further ones are only counted. */
const MOST_GROUPS = 100;
/** Characters that are kept of a text from an annotation. */
const LONGEST = 300;

/** Pods of a Namespace that change in the same way. */
export interface Group extends Change {
  readonly pods: number;
  /** The first of them. */
  readonly names: readonly string[];
}

export interface NamespaceTally {
  readonly name: string;
  readonly pods: number;
  readonly groups: readonly Group[];
  /** All Pods that change, by how. */
  readonly counts: Readonly<Partial<Record<ChangeKind, number>>>;
  /** Pods that changed in a way for which there was no group left. */
  readonly ungrouped: number;
  /** ARNs of the roles that its Pods have now. */
  readonly roles: readonly string[];
  readonly withExternalId: number;
  readonly withSessionName: number;
}

interface State {
  pods: number;
  ungrouped: number;
  withExternalId: number;
  withSessionName: number;
  readonly counts: Partial<Record<ChangeKind, number>>;
  readonly groups: Map<string, Change & { pods: number; names: string[] }>;
  readonly roles: Set<string>;
}

export interface TallyDeps {
  /** Keys of annotations. */
  readonly externalId: string;
  readonly sessionName: string;
  /** Namespaces that are there, also if they have no Pods. */
  readonly names: Iterable<string>;
}

/** Counts Pods by Namespace and change, in memory that depends on roles and on what differs, not on the number of Pods. */
export function createTally({ externalId, sessionName, names }: TallyDeps) {
  const namespaces = new Map<string, State>([...names].map((name) => [name, newState()]));

  function add(pod: PodFacts, { hasNow, change }: Judged): void {
    const state = namespaces.get(pod.namespace) ?? newState();
    namespaces.set(pod.namespace, state);
    state.pods += 1;
    if (hasNow !== undefined) state.roles.add(hasNow);
    if (pod.annotations[externalId] !== undefined) state.withExternalId += 1;
    if (pod.annotations[sessionName] !== undefined) state.withSessionName += 1;
    if (change !== undefined) addChange(state, pod.name, change);
  }

  return {
    add,
    /** By name. */
    namespaces: (): readonly NamespaceTally[] =>
      [...namespaces]
        .map(([name, { groups, roles, ...counts }]) => ({
          name,
          ...counts,
          groups: inOrder([...groups.values()]),
          roles: [...roles].sort(),
        }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

function addChange(state: State, name: string, change: Change): void {
  const { kind, before, after, reason } = change;
  state.counts[kind] = (state.counts[kind] ?? 0) + 1;
  const key = JSON.stringify([kind, before.slice(0, LONGEST), after, reason]);
  const group = state.groups.get(key);
  if (group !== undefined) {
    group.pods += 1;
    if (group.names.length < MOST_NAMES) group.names.push(name);
  } else if (countOf(state, kind) >= MOST_GROUPS) {
    state.ungrouped += 1;
  } else {
    const why = change.why.slice(0, LONGEST);
    state.groups.set(key, { ...change, before: before.slice(0, LONGEST), why, pods: 1, names: [name] });
  }
}

function countOf({ groups }: State, kind: ChangeKind): number {
  let count = 0;
  for (const group of groups.values()) if (group.kind === kind) count += 1;
  return count;
}

function inOrder(groups: readonly Group[]): readonly Group[] {
  const order = Object.keys(changeKinds);
  return [...groups].sort(
    (one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || other.pods - one.pods,
  );
}

function newState(): State {
  return {
    pods: 0,
    ungrouped: 0,
    withExternalId: 0,
    withSessionName: 0,
    counts: {},
    groups: new Map(),
    roles: new Set(),
  };
}
