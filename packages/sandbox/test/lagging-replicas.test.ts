import { describe, expect, it } from 'vitest';
import type { PodState, PodStateRead } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { FakeClock } from '@rolegate/testing';
import fc from 'fast-check';
import { knownPod } from '../../agent/src/feed/apply-update.ts';
import { createPodTable } from '../../agent/src/feed/table/pod-table.ts';
import { createSessions } from '../../server/src/credentials/sessions.ts';
import { createStsBudget } from '../../server/src/credentials/budget/sts-budget.ts';
import { createDecisions } from '../../server/src/decisions/decisions.ts';
import { createNodes } from '../../server/src/feed/nodes/nodes.ts';
import type { Namespace, Pod, ServiceAccount } from '../../server/src/kubernetes/objects/objects.ts';
import { createPodIndex } from '../../server/src/kubernetes/objects/pod-index.ts';
import { createStore } from '../../server/src/kubernetes/objects/store.ts';
import { createPolicy } from '../../server/src/policy/decide.ts';
import { podObject } from './pod-object.ts';

const UID = 'uid-a';
const kinds = ['pod', 'namespace', 'serviceAccount'] as const;
type Kind = (typeof kinds)[number];

/** A state in the history of the three objects: the value of its decisive annotation, or only a label. */
interface Event {
  readonly kind: Kind;
  /** Undefined if nothing that a decision reads has changed. */
  readonly says: 'app' | 'other' | undefined;
}

/** A replica receives further events of a kind, from its watch or from a list that skips those between. */
interface Step {
  readonly replica: 0 | 1;
  readonly kind: Kind;
  readonly events: number;
  readonly listed: boolean;
  readonly afterMs: number;
}

const event = fc.record({
  kind: fc.constantFrom(...kinds),
  says: fc.constantFrom('app' as const, 'other' as const, undefined),
});
const step: fc.Arbitrary<Step> = fc.record({
  replica: fc.constantFrom(0 as const, 1 as const),
  kind: fc.constantFrom(...kinds),
  events: fc.integer({ min: 1, max: 4 }),
  listed: fc.boolean(),
  afterMs: fc.constantFrom(0, 0, 0, 700),
});

type State = ReturnType<typeof statesOf>[Kind][number];

/** The states of each kind in order, with versions from one counter, as in etcd. */
function statesOf(history: readonly Event[]) {
  const first = { says: 'app', resourceVersion: '100' };
  const states: Record<Kind, { says: string; resourceVersion: string }[]> = {
    pod: [first],
    namespace: [first],
    serviceAccount: [first],
  };
  history.forEach(({ kind, says }, at) => {
    const former = states[kind].at(-1) ?? first;
    states[kind].push({ says: says ?? former.says, resourceVersion: String(101 + at) });
  });
  return states;
}

/** A server that has seen the first state of each object. */
function createReplica(clock: FakeClock, states: Record<Kind, readonly State[]>) {
  const stores = {
    pod: createStore<Pod>({ keyOf: ({ uid }) => uid, log: silentLog }),
    namespace: createStore<Namespace>({ keyOf: ({ name }) => name, log: silentLog }),
    serviceAccount: createStore<ServiceAccount>({
      keyOf: ({ namespace, name }) => `${namespace}/${name}`,
      log: silentLog,
    }),
  };
  const pods = createPodIndex({ store: stores.pod });
  const policy = createPolicy({
    roleBaseArn: 'arn:aws:iam::123456789012:role/',
    ceilings: [],
    namespacePolicy: 'enforce',
    sessionScope: 'workload',
    sessionTagTemplates: {},
    durationSeconds: 3600,
    clusterName: '',
  });
  const decisions = createDecisions({
    cluster: { pods, namespaces: stores.namespace, serviceAccounts: stores.serviceAccount },
    policy,
    clock,
  });
  const sessions = createSessions({
    issue: () => new Promise(() => undefined),
    budget: createStsBudget({ ratePerSecond: 100, burst: 500, clock }),
    clock,
    random: () => 0.5,
    log: silentLog,
    metrics: { stsRequest: () => undefined },
  });
  const nodes = createNodes({
    decisions,
    pods,
    sessions,
    clock,
    warn: () => undefined,
    audit: () => undefined,
    metrics: { decision: () => undefined },
  });
  const at: Record<Kind, number> = { pod: 0, namespace: 0, serviceAccount: 0 };

  function put(kind: Kind, { says, resourceVersion }: State, listed: boolean): void {
    const common = { resourceVersion, name: 'shop', uid: `uid-${kind}` };
    const take = <T>(
      store: { set: (one: T) => void; replaceAll: (all: T[], v: string, ms: number) => void },
      one: T,
    ) => {
      if (listed) store.replaceAll([one], resourceVersion, clock.monotonic());
      else store.set(one);
    };
    switch (kind) {
      case 'pod':
        take(stores.pod, podOf(says, resourceVersion));
        return;
      case 'namespace':
        take(stores.namespace, { ...common, annotations: { 'iam.amazonaws.com/permitted': says } });
        return;
      case 'serviceAccount':
        take(stores.serviceAccount, {
          ...common,
          name: 'default',
          namespace: 'shop',
          annotations: { 'iam.amazonaws.com/role': says },
        });
    }
  }

  function advance(kind: Kind, events: number, listed: boolean): void {
    const next = states[kind].slice(at[kind] + 1, at[kind] + 1 + events);
    at[kind] += next.length;
    const last = next.at(-1);
    if (last === undefined) return;
    for (const state of listed ? [last] : next) put(kind, state, listed);
  }

  for (const kind of kinds) for (const state of states[kind].slice(0, 1)) put(kind, state, false);
  return { nodes, decisions, pods, advance };
}

/** A Pod with its own role for 'other', else with its ServiceAccount's. */
function podOf(says: string, resourceVersion: string): Pod {
  const annotations = says === 'other' ? { 'iam.amazonaws.com/role': 'other' } : {};
  return podObject('a', { uid: UID, resourceVersion, annotations });
}

async function play(history: readonly Event[], steps: readonly Step[]) {
  const clock = createFakeClock();
  const states = statesOf(history);
  const replicas = [createReplica(clock, states), createReplica(clock, states)] as const;
  const table = createPodTable({ clock, log: silentLog });
  const stream = {
    pod(state: PodState) {
      const { pod = '', namespace = '', serviceAccount = '' } = state.resourceVersions ?? {};
      table.setPod(knownPod(state as PodStateRead), { pod, namespace, serviceAccount });
    },
    podRemoved: () => undefined,
    session: () => undefined,
    sessionRemoved: () => undefined,
  };
  for (const { nodes } of replicas) nodes.join('node-a', stream, []);
  for (const { replica, kind, events, listed, afterMs } of steps) {
    await clock.advance(afterMs);
    replicas[replica].advance(kind, events, listed);
  }
  const [sound, lagging] = replicas;
  for (const kind of kinds) sound.advance(kind, history.length, false);
  await clock.advance(60_000);
  lagging.nodes.join('node-a', stream, []);
  const truth = sound.pods.get(UID);
  if (truth === undefined) throw new Error('the Pod is gone');
  return { held: table.pod(UID)?.decision, truth: sound.decisions.decide(truth).verdict.decision };
}

describe('Lagging replicas', () => {
  it('An agent gets the decision of the replica that has seen everything, within a minute', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 10 }),
        fc.array(step, { maxLength: 20 }),
        async (history, steps) => {
          const { held, truth } = await play(history, steps);
          expect(held?.kind).toBe(truth.kind);
          if (truth.kind === 'allow') expect(held).toMatchObject({ roleArn: truth.roleArn });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('An agent keeps a revoke that a replica sent before it saw a label that the other one knew', async () => {
    const { held } = await play(
      [
        { kind: 'pod', says: undefined },
        { kind: 'namespace', says: 'other' },
      ],
      [
        { replica: 1, kind: 'pod', events: 1, listed: true, afterMs: 0 },
        { replica: 0, kind: 'namespace', events: 1, listed: false, afterMs: 700 },
      ],
    );
    expect(held).toMatchObject({ kind: 'deny', reason: 'NamespaceDenied' });
  });

  it('An agent keeps a revoke over a state that one replica has skipped, and the other sends late', async () => {
    const says = (what: 'app' | 'other'): Event => ({ kind: 'namespace', says: what });
    const { held } = await play(
      [says('other'), says('app'), says('other')],
      [
        { replica: 0, kind: 'namespace', events: 1, listed: false, afterMs: 0 },
        { replica: 0, kind: 'namespace', events: 2, listed: true, afterMs: 120_000 },
        { replica: 1, kind: 'namespace', events: 2, listed: false, afterMs: 120_000 },
      ],
    );
    expect(held).toMatchObject({ kind: 'deny', reason: 'NamespaceDenied' });
  });
});
