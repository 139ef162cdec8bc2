import { setTimeout } from 'node:timers/promises';
import type { ChaosWorld } from '../../chaos/world.ts';
import { clientKinds } from '../../pod-calls/sdk-call.ts';
import { CALL_TIMEOUT_MS } from '../calls.ts';
import type { TroubleLog } from '../faults/trouble.ts';
import { oneOf } from '../plan/random.ts';
import type { Random } from '../plan/random.ts';
import { startChurnPod } from './churn-pod.ts';
import type { ChurnPod, ChurnRecord } from './churn-pod.ts';
import { createOtherNodes } from './other-nodes.ts';

/**
 * Between two changes. A Pod that comes and goes costs agent and `reconcile` some hundred bytes for a day, so more of them would
 * use up the allowed growth. Milliseconds.
 */
const EVERY_MS = 1_500;
const MOST_PODS = 24;
const FIRST_NAMESPACES = 3;
/** Names come back, and are few, so that the first churn meets most of what is remembered under them. */
const NAMESPACES = 6;
const ROLES = 3;

const ROLE = 'iam.amazonaws.com/role';

/** A Namespace of the churn. */
interface Space {
  readonly name: string;
  permitted: boolean;
  /** When that became so, by performance.now(). */
  changedMs: number;
  readonly pods: Map<string, ChurnPod>;
}

export interface Churn {
  /** Removes everything that the churn has created. */
  readonly stop: () => Promise<void>;
}

export interface ChurnOptions {
  readonly world: ChaosWorld;
  readonly random: Random;
  readonly trouble: TroubleLog;
  readonly record: ChurnRecord;
}

/** Creates, changes and removes Pods, Namespaces and ServiceAccounts until it is stopped. */
export function startChurn(options: ChurnOptions): Churn {
  const { random, record } = options;
  const spaces = createSpaces(options);
  const others = createOtherNodes(options.world.api, random);
  const stop = new AbortController();

  async function changeOne(): Promise<void> {
    const choice = random();
    if (choice < 0.45) await spaces.addPod();
    else if (choice < 0.7) await spaces.endPod();
    else if (choice < 0.76) spaces.togglePermit();
    else if (choice < 0.81) spaces.add();
    else if (choice < 0.84) await spaces.remove();
    else others.change();
    record.changes += 1;
  }

  const changing = (async () => {
    for (let at = 0; at < FIRST_NAMESPACES; at++) spaces.add();
    while (!stop.signal.aborted) {
      await changeOne();
      await setTimeout(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  changing.catch((error: unknown) => record.problems.push(`the churn ended: ${String(error)}`));
  return {
    async stop() {
      stop.abort();
      await changing.catch(() => undefined);
      await spaces.removeAll();
      others.removeAll();
    },
  };
}

/** The Namespaces of the churn with their Pods on the node. */
function createSpaces({ world, random, trouble, record }: ChurnOptions) {
  const { api, node } = world;
  const spaces = new Map<string, Space>();
  const podCount = () => [...spaces.values()].reduce((sum, { pods }) => sum + pods.size, 0);
  let created = 0;

  function add(): void {
    const name = oneOf(
      namesOf('soak', NAMESPACES).filter((one) => !spaces.has(one)),
      random,
    );
    if (name === undefined) return;
    world.permit(name, `${name}-[0-9]+`);
    api.apply({
      kind: 'ServiceAccount',
      metadata: { namespace: name, name: 'worker', annotations: { [ROLE]: `${name}-0` } },
    });
    spaces.set(name, { name, permitted: true, changedMs: performance.now(), pods: new Map() });
  }

  async function addPod(): Promise<void> {
    const space = oneOf([...spaces.values()], random);
    if (space === undefined || podCount() >= MOST_PODS) return;
    const byAccount = random() < 0.25;
    const grantable = byAccount || random() < 0.85;
    const role = byAccount
      ? `${space.name}-0`
      : grantable
        ? `${space.name}-${1 + Math.floor(random() * ROLES)}`
        : 'forbidden';
    const name = `pod-${created++}`;
    const annotations: Record<string, string> = byAccount ? {} : { [ROLE]: role };
    await node.run({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: space.name, name, annotations },
      spec: { serviceAccountName: byAccount ? 'worker' : 'default' },
    });
    const named = `${space.name}/${name}`;
    const calls = world.callsOf(named, { keepAlive: random() < 0.5, timeoutMs: CALL_TIMEOUT_MS });
    const kind = oneOf(clientKinds, random) ?? 'document';
    const { permitted, changedMs } = space;
    space.pods.set(
      named,
      startChurnPod({
        name: named,
        role,
        grantable,
        permitted,
        changedMs,
        kind,
        calls,
        trouble,
        seen: record,
      }),
    );
  }

  async function endPod(
    from = oneOf(
      [...spaces.values()].filter(({ pods }) => pods.size > 0),
      random,
    ),
  ): Promise<void> {
    const pod = from && oneOf([...from.pods.values()], random);
    if (from === undefined || pod === undefined) return;
    from.pods.delete(pod.name);
    await pod.stop();
    await node.end(`Pod ${pod.name}`);
  }

  function togglePermit(): void {
    const space = oneOf([...spaces.values()], random);
    if (space === undefined) return;
    space.permitted = !space.permitted;
    space.changedMs = performance.now();
    // Before the change, because it takes effect at once.
    if (space.permitted) for (const pod of space.pods.values()) pod.setPermitted(true);
    world.permit(space.name, space.permitted ? `${space.name}-[0-9]+` : 'nothing');
    if (!space.permitted) for (const pod of space.pods.values()) pod.setPermitted(false);
  }

  async function remove(space = oneOf([...spaces.values()], random)): Promise<void> {
    if (space === undefined) return;
    while (space.pods.size > 0) await endPod(space);
    spaces.delete(space.name);
    for (const name of ['worker', 'default']) api.delete('ServiceAccount', space.name, name);
    api.delete('Namespace', '', space.name);
  }

  return {
    add,
    addPod,
    endPod: () => endPod(),
    togglePermit,
    remove: () => remove(),
    async removeAll() {
      for (const space of [...spaces.values()]) await remove(space);
    },
  };
}

const namesOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
