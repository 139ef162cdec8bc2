import type { FeedUpdateRead, PodStateRead, SessionStateRead } from '@rolegate/protocol';
import { KEPT } from '../honest.ts';
import type { DecisionSeen, FeedsSeen, FeedsState, MachineMs, Wanted } from '../orders.ts';

/** Of recorded decisions. */
const MOST_RECORDED = 10_000;

interface HeldCredentials {
  readonly fingerprint: string;
  readonly endsAtMs: MachineMs;
  readonly lifetimeMs: number;
  readonly cameAtMs: MachineMs;
}

interface KnownPod {
  readonly state: PodStateRead;
  /** When it was told last. */
  readonly atMs: MachineMs;
}

/** What one node was told. */
export interface NodeLedger {
  readonly pods: Map<string, KnownPod>;
  readonly sessions: Map<string, HeldCredentials>;
  /** The snapshot of the present stream is whole. */
  synced: boolean;
}

/** Of one Pod: when what is asked for came, if it has come. */
interface PodView {
  readonly decided: (wanted: Wanted) => MachineMs | undefined;
  readonly served: () => MachineMs | undefined;
  readonly gone: () => MachineMs | undefined;
}

type Look = (pod: PodView) => MachineMs | undefined;

interface Waiter {
  readonly look: () => MachineMs | undefined;
  readonly resolve: (atMs: MachineMs | undefined) => void;
}

/** Keeps what agents' streams tell. */
export function createLedger(nowMs: () => MachineMs) {
  const nodes = new Map<string, NodeLedger>();
  const waiters = new Set<Waiter>();
  let drops: Record<string, number> = {};
  let leastShare = 1;
  let renewals = 0;
  let withdrawn = 0;
  let recordedPrefix: string | undefined;
  let recorded: DecisionSeen[] = [];

  function node(name: string): NodeLedger {
    const known = nodes.get(name) ?? { pods: new Map(), sessions: new Map(), synced: false };
    nodes.set(name, known);
    return known;
  }

  function take(told: NodeLedger, update: FeedUpdateRead): void {
    const { pod, podRemoved, session, sessionRemoved, synced } = update;
    if (pod) takePod(told, pod);
    if (podRemoved) told.pods.delete(podRemoved.uid);
    if (session) takeSession(told, session);
    if (sessionRemoved) told.sessions.delete(sessionRemoved.sessionId);
    if (synced) told.synced = true;
    for (const waiter of waiters) settle(waiter);
  }

  function takePod(told: NodeLedger, state: PodStateRead): void {
    const atMs = nowMs();
    told.pods.set(state.uid, { state, atMs });
    if (isKeptPod(state) && !state.allow) withdrawn++;
    const { namespace, name, allow, deny, pending, metadata } = state;
    if (recordedPrefix === undefined || !namespace.startsWith(recordedPrefix)) return;
    if (recorded.length >= MOST_RECORDED) return;
    recorded.push({
      namespace,
      name,
      atMs,
      role: allow?.roleName ?? '',
      reason: deny?.reason ?? '',
      pending: pending != null,
      metadataDenied: metadata?.denied === true,
    });
  }

  function takeSession(told: NodeLedger, { sessionId, credentials }: SessionStateRead): void {
    if (!credentials) return;
    const former = told.sessions.get(sessionId);
    const atMs = nowMs();
    if (former !== undefined && keptSessions(told).has(sessionId)) {
      renewals++;
      leastShare = Math.min(leastShare, shareOf(former, atMs));
    }
    const { fingerprint, remainingMs, lifetimeMs } = credentials;
    told.sessions.set(sessionId, { fingerprint, endsAtMs: atMs + remainingMs, lifetimeMs, cameAtMs: atMs });
  }

  function held(): HeldCredentials[] {
    return [...nodes.values()].flatMap((told) =>
      [...keptSessions(told)].flatMap((id) => told.sessions.get(id) ?? []),
    );
  }

  function state(): FeedsState {
    const atMs = nowMs();
    const shares = held().map((one) => shareOf(one, atMs));
    return {
      synced: [...nodes.values()].filter(({ synced }) => synced).length,
      held: shares.filter((share) => share > 0).length,
      leastShare: Math.min(1, ...shares),
    };
  }

  function viewOf(uid: string): PodView {
    const told = [...nodes.values()].find(({ pods }) => pods.has(uid));
    const known = told?.pods.get(uid);
    return {
      decided(wanted) {
        if (known === undefined) return undefined;
        const { allow, deny } = known.state;
        const is = wanted === 'denied' ? deny != null : allow?.roleName === wanted.role;
        return is ? known.atMs : undefined;
      },
      served() {
        const session = told?.sessions.get(known?.state.allow?.sessionId ?? '');
        return session && Math.max(session.cameAtMs, known?.atMs ?? 0);
      },
      // Looked at with every message: this one has just come.
      gone: () => (known === undefined ? nowMs() : undefined),
    };
  }

  function settle(waiter: Waiter): void {
    const atMs = waiter.look();
    if (atMs !== undefined) waiter.resolve(atMs);
  }

  function dropped(told: NodeLedger, why: string): void {
    told.synced = false;
    drops[why] = (drops[why] ?? 0) + 1;
  }

  function begin(): void {
    drops = {};
    renewals = 0;
    withdrawn = 0;
    leastShare = 1;
  }

  function end(): Omit<FeedsSeen, 'certificates'> {
    const now = state();
    const least = Math.min(leastShare, now.leastShare);
    return { drops, renewals, withdrawn, held: now.held, leastShare: least };
  }

  /** When what `look` asks for came; undefined: it did not within the time. */
  function until(uid: string, withinMs: number, look: Look): Promise<MachineMs | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        look: () => look(viewOf(uid)),
        resolve(atMs) {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(atMs);
        },
      };
      const timer = setTimeout(waiter.resolve, withinMs, undefined);
      waiters.add(waiter);
      settle(waiter);
    });
  }

  function record(namespacePrefix: string): void {
    recordedPrefix = namespacePrefix;
    recorded = [];
  }

  const forget = () => {
    nodes.clear();
  };
  return { node, take, dropped, forget, begin, end, until, record, recorded: () => recorded, state };
}

function keptSessions({ pods }: NodeLedger): Set<string> {
  const ids = new Set<string>();
  for (const { state } of pods.values()) if (isKeptPod(state) && state.allow) ids.add(state.allow.sessionId);
  return ids;
}

function isKeptPod({ namespace }: PodStateRead): boolean {
  return namespace.startsWith(`${KEPT}-`);
}

function shareOf({ endsAtMs, lifetimeMs }: HeldCredentials, atMs: MachineMs): number {
  return Math.max(0, endsAtMs - atMs) / lifetimeMs;
}
