import { createFakeClock } from '@rolegate/testing';
import { createChanges, createMemory } from '@rolegate/runtime';
import { createAddressOwners } from '../../src/addresses/address-owners.ts';
import type { AddressOwnersDeps } from '../../src/addresses/address-owners.ts';
import { createCallers } from '../../src/addresses/callers.ts';
import type { Caller } from '../../src/addresses/caller.ts';
import type { KnownPod } from '../../src/feed/table/known-pod.ts';
import { createPodTable } from '../../src/feed/table/pod-table.ts';
import type { MemoryKind } from '../../src/memory/memory.ts';
import { createTestLog, decidedOn, knownPod } from './known-pods.ts';

export const IP = '10.1.0.7';
export const STALE_MS = 300_000;

/** CNI results in memory: the index is the real one. */
export function createMemoryResults(
  log: ReturnType<typeof createTestLog>,
  remembering: Pick<AddressOwnersDeps, 'memory' | 'isNamed'> = {},
) {
  const owners = createAddressOwners({ ...remembering, isComplete: () => state.usable });
  const changes = createChanges({ log, of: 'tests' });
  const state = { usable: true, scanned: true };
  let turn = 0;
  const now = () => ({ turn: (turn += 1), createdNs: 0n });
  return {
    ...owners,
    state,
    get scanned() {
      return state.scanned;
    },
    usable: () => state.usable,
    states: () => ({ '/results': state.usable ? ('ok' as const) : ('missing' as const) }),
    onChange: changes.on,
    /** The runtime gives the addresses to the Pod. */
    give: (pod: { uid?: string; name?: string }, ips: readonly string[] = [IP]) => {
      const { name = `pod-${pod.uid ?? ''}` } = pod;
      const result = { ...pod, namespace: 'shop', name, ips };
      owners.set(`/results/${name}-${ips.join('-')}`, { result, mtimeNs: 0n, createdNs: 0n }, now());
      changes.notify();
    },
    takeBack: (uid: string, ips: readonly string[] = [IP]) => {
      owners.free(`/results/pod-${uid}-${ips.join('-')}`);
      changes.notify();
    },
    /** The file exists but cannot be read. */
    garble: (uid: string, ips: readonly string[] = [IP]) => {
      owners.unreadable(`/results/pod-${uid}-${ips.join('-')}`, false, now());
      changes.notify();
    },
    /** An unreadable file appears: some Pod has an unknown address. */
    giveUnread: (name: string) => {
      owners.unreadable(`/results/${name}`, true, now());
      changes.notify();
    },
    /** The file was removed, or read. */
    endUnread: (name: string) => {
      owners.free(`/results/${name}`);
      changes.notify();
    },
    lose: () => {
      state.usable = false;
      changes.notify();
    },
    comeBack: () => {
      state.usable = true;
      changes.notify();
    },
    changed: changes.notify,
  };
}

export function setup({ cni = true }: { cni?: boolean } = {}) {
  const clock = createFakeClock();
  const log = createTestLog();
  const memory = createMemory<MemoryKind>({ clock });
  const table = createPodTable({ clock, log, memory });
  const results = createMemoryResults(log, { memory, isNamed: table.isNamed });
  const feed: { lostSinceMs: number | undefined } = { lostSinceMs: undefined };
  const sources: string[] = [];
  const handovers: string[] = [];
  const callers = createCallers({
    table,
    cniResults: cni ? results : undefined,
    nodeIps: ['192.0.2.10', '2001:DB8::0010'],
    staleIpMs: STALE_MS,
    feedLostSinceMs: () => feed.lostSinceMs,
    clock,
    log,
    metrics: { ipSource: (source) => void sources.push(source) },
    memory,
  });
  callers.onHandover((ip) => void handovers.push(ip));
  let version = 0;
  return {
    clock,
    log,
    table,
    results,
    feed,
    sources,
    handovers,
    callers,
    memory,
    /** The feed describes a Pod. */
    tell: (changes: Partial<KnownPod>) => {
      version += 1;
      table.setPod(knownPod(changes), decidedOn(version));
    },
    remove: (uid: string) => {
      version += 1;
      table.removePod(uid, String(version));
    },
    who: (ip = IP) => short(callers.identify(ip)),
  };
}

export function short(caller: Caller): string {
  if (caller.kind === 'pod') return caller.pod.uid;
  return caller.kind === 'ambiguous' ? caller.pods.map(({ uid }) => uid).join('+') : caller.kind;
}

/** Lets listeners learn of the changes. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}
