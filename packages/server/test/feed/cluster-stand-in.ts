import { createMemory, silentLog } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createSessions } from '../../src/credentials/sessions.ts';
import { createStsBudget } from '../../src/credentials/budget/sts-budget.ts';
import { createDecisions } from '../../src/decisions/decisions.ts';
import { createServingNodes } from '../../src/feed/serving-nodes.ts';
import type { Namespace, Pod, ServiceAccount } from '../../src/kubernetes/objects/objects.ts';
import { createPodIndex } from '../../src/kubernetes/objects/pod-index.ts';
import { createStore } from '../../src/kubernetes/objects/store.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import type { Session } from '../../src/session/session.ts';
import { pod as podObject } from '../kubernetes/setup.ts';
import { createHistoryStandIn } from './history-stand-in.ts';

const BASE_ARN = 'arn:aws:iam::123456789012:role/';

export interface ClusterStandInOptions {
  readonly roleBaseArn?: string;
  readonly log?: Log;
  /** How long STS takes. Milliseconds. */
  readonly stsMs?: (session: Session) => number;
  /** What STS rejects the session with; undefined: `sts.fault`, if that is set. */
  readonly stsFault?: (session: Session) => Error | undefined;
  readonly budget?: { readonly ratePerSecond: number; readonly burst: number };
  readonly random?: () => number;
  readonly defaultRole?: string;
}

/** Real stores, policy and sessions, with objects and an STS that the test controls. */
export function createClusterStandIn({
  roleBaseArn = BASE_ARN,
  log = silentLog,
  stsMs = () => 0,
  stsFault = () => undefined,
  budget: { ratePerSecond, burst } = { ratePerSecond: 100, burst: 500 },
  random = () => 0.5,
  defaultRole,
}: ClusterStandInOptions = {}) {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const store = createStore<Pod>({ keyOf: ({ uid }) => uid, log: silentLog });
  const namespaces = createStore<Namespace>({ keyOf: ({ name }) => name, log: silentLog });
  const serviceAccounts = createStore<ServiceAccount>({
    keyOf: ({ namespace, name }) => `${namespace}/${name}`,
    log: silentLog,
  });
  const pods = createPodIndex({ store });
  const stores = { Pod: store, Namespace: namespaces, ServiceAccount: serviceAccounts };
  const { history, apiServer } = createHistoryStandIn({ stores, clock });
  const base: { arn: string | undefined } = { arn: roleBaseArn };
  const policy = createPolicy({
    get roleBaseArn() {
      return base.arn;
    },
    ceilings: [],
    namespacePolicy: 'enforce',
    defaultRole,
    sessionScope: 'workload',
    sessionTagTemplates: {},
    durationSeconds: 3600,
    clusterName: 'test',
  });
  const issued: Session[] = [];
  const sts: { fault: Error | undefined; refuses: (roleArn: string) => boolean } = {
    fault: undefined,
    refuses: () => false,
  };
  const budget = createStsBudget({ ratePerSecond, burst, clock });
  const sessions = createSessions({
    issue: async (session) => {
      issued.push(session);
      const takesMs = stsMs(session);
      if (takesMs > 0) await clock.sleep(takesMs);
      const fault = stsFault(session) ?? sts.fault;
      if (fault !== undefined) throw fault;
      if (sts.refuses(session.roleArn)) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
      return {
        accessKeyId: `ASIA${String(issued.length).padStart(16, '0')}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiresAtMs: clock.now() + 3_600_000,
        lifetimeMs: 3_600_000,
      };
    },
    budget,
    clock,
    random,
    log: silentLog,
    metrics: { stsRequest: () => undefined },
    memory,
  });
  const servingNodes = createServingNodes({ clock });
  const decisions = createDecisions({
    cluster: { pods, namespaces, serviceAccounts },
    policy,
    clock,
    log,
    memory,
    serves: servingNodes.serves,
  });
  let version = 100;
  const next = () => String((version += 1));

  const pod = (name: string, more: Partial<Pod> = {}): Pod =>
    podObject({
      uid: `uid-${name}`,
      name,
      namespace: 'shop',
      resourceVersion: next(),
      nodeName: 'node-a',
      ...more,
    });
  return {
    clock,
    memory,
    podStore: store,
    pods,
    namespaces,
    serviceAccounts,
    history,
    apiServer,
    budget,
    sessions,
    decisions,
    permittedBy: policy.permittedBy,
    about: policy.about,
    servingNodes,
    issued,
    sts,
    base,
    setPod: (name: string, more: Partial<Pod> = {}) => {
      const object = pod(name, more);
      store.set(object);
      return object;
    },
    removePod: (name: string) => {
      store.remove(pod(name));
    },
    setNamespace: (name: string, annotations: Record<string, string> = {}) => {
      namespaces.set({ uid: `uid-${name}`, name, resourceVersion: next(), annotations });
    },
    removeNamespace: (name: string) => {
      namespaces.remove({ uid: `uid-${name}`, name, resourceVersion: next(), annotations: {} });
    },
    setServiceAccount: (namespace: string, name: string, annotations: Record<string, string> = {}) => {
      serviceAccounts.set({
        uid: `uid-${namespace}-${name}`,
        namespace,
        name,
        resourceVersion: next(),
        annotations,
      });
    },
    removeServiceAccount: (namespace: string, name: string) => {
      const uid = `uid-${namespace}-${name}`;
      serviceAccounts.remove({ uid, namespace, name, resourceVersion: next(), annotations: {} });
    },
    /** A list of all Namespaces after a watch that was interrupted. */
    listNamespaces: (listed: Readonly<Record<string, Record<string, string>>>) => {
      const objects = Object.entries(listed).map(([name, annotations]) => ({
        uid: `uid-${name}`,
        name,
        resourceVersion: next(),
        annotations,
      }));
      namespaces.replaceAll(objects, next(), clock.monotonic());
    },
  };
}
