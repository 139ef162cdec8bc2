import type { FeedUpdateRead, PodStateRead, SessionStateRead } from '@rolegate/protocol';
import { STABLE } from '../honest.ts';
import type { FeedsResult, FeedsState, MachineMs, Wanted } from '../calls.ts';
import { createDecisionRecorder } from './decision-recorder.ts';
import { createWaiters } from './waiters.ts';

interface CachedCredentials {
  readonly fingerprint: string;
  readonly endsAtMs: MachineMs;
  readonly lifetimeMs: number;
  readonly receivedAtMs: MachineMs;
}

interface KnownPod {
  readonly state: PodStateRead;
  /** Time of the last update. */
  readonly atMs: MachineMs;
}

/** What one node has received. */
export interface NodeLedger {
  readonly pods: Map<string, KnownPod>;
  readonly sessions: Map<string, CachedCredentials>;
  /** The snapshot of the current stream is complete. */
  synced: boolean;
}

/** When a Pod reached a state; undefined if it has not. */
interface PodTimes {
  readonly decided: (wanted: Wanted) => MachineMs | undefined;
  readonly served: () => MachineMs | undefined;
  readonly gone: () => MachineMs | undefined;
}

type Condition = (pod: PodTimes) => MachineMs | undefined;

/** Records what the agents' streams receive. */
export function createLedger(nowMs: () => MachineMs) {
  const nodes = new Map<string, NodeLedger>();
  const waiters = createWaiters();
  const decisions = createDecisionRecorder();
  let drops: Record<string, number> = {};
  let leastShare = 1;
  let renewals = 0;
  let withdrawn = 0;

  function node(name: string): NodeLedger {
    const known = nodes.get(name) ?? { pods: new Map(), sessions: new Map(), synced: false };
    nodes.set(name, known);
    return known;
  }

  function take(received: NodeLedger, update: FeedUpdateRead): void {
    const { pod, podRemoved, session, sessionRemoved, synced } = update;
    if (pod) takePod(received, pod);
    if (podRemoved) received.pods.delete(podRemoved.uid);
    if (session) takeSession(received, session);
    if (sessionRemoved) received.sessions.delete(sessionRemoved.sessionId);
    if (synced) received.synced = true;
    waiters.checkAll();
  }

  function takePod(received: NodeLedger, state: PodStateRead): void {
    const atMs = nowMs();
    received.pods.set(state.uid, { state, atMs });
    if (isStablePod(state) && !state.allow) withdrawn++;
    decisions.take(state, atMs);
  }

  function takeSession(received: NodeLedger, { sessionId, credentials }: SessionStateRead): void {
    if (!credentials) return;
    const previous = received.sessions.get(sessionId);
    const atMs = nowMs();
    if (previous !== undefined && stableSessions(received).has(sessionId)) {
      renewals++;
      leastShare = Math.min(leastShare, shareOf(previous, atMs));
    }
    const { fingerprint, remainingMs, lifetimeMs } = credentials;
    received.sessions.set(sessionId, {
      fingerprint,
      endsAtMs: atMs + remainingMs,
      lifetimeMs,
      receivedAtMs: atMs,
    });
  }

  function cached(): CachedCredentials[] {
    return [...nodes.values()].flatMap((received) =>
      [...stableSessions(received)].flatMap((id) => received.sessions.get(id) ?? []),
    );
  }

  function state(): FeedsState {
    const atMs = nowMs();
    const shares = cached().map((one) => shareOf(one, atMs));
    return {
      synced: [...nodes.values()].filter(({ synced }) => synced).length,
      valid: shares.filter((share) => share > 0).length,
      leastShare: Math.min(1, ...shares),
    };
  }

  function timesOf(uid: string): PodTimes {
    const received = [...nodes.values()].find(({ pods }) => pods.has(uid));
    const known = received?.pods.get(uid);
    return {
      decided(wanted) {
        if (known === undefined) return undefined;
        const { allow, deny } = known.state;
        const isWanted = wanted === 'denied' ? deny != null : allow?.roleName === wanted.role;
        return isWanted ? known.atMs : undefined;
      },
      served() {
        const session = received?.sessions.get(known?.state.allow?.sessionId ?? '');
        return session && Math.max(session.receivedAtMs, known?.atMs ?? 0);
      },
      // Evaluated on every message, so the removal has just arrived.
      gone: () => (known === undefined ? nowMs() : undefined),
    };
  }

  function recordDrop(received: NodeLedger, why: string): void {
    received.synced = false;
    drops[why] = (drops[why] ?? 0) + 1;
  }

  function begin(): void {
    drops = {};
    renewals = 0;
    withdrawn = 0;
    leastShare = 1;
  }

  function end(): Omit<FeedsResult, 'certificates'> {
    const now = state();
    const least = Math.min(leastShare, now.leastShare);
    return { drops, renewals, withdrawn, valid: now.valid, leastShare: least };
  }

  /** Waits until `condition` returns a time. Resolves to undefined after `withinMs`. */
  function waitFor(uid: string, withinMs: number, condition: Condition): Promise<MachineMs | undefined> {
    return waiters.waitFor(() => condition(timesOf(uid)), withinMs);
  }

  const forget = () => {
    nodes.clear();
  };
  return {
    node,
    take,
    recordDrop,
    forget,
    begin,
    end,
    waitFor,
    record: (namespacePrefix: string) => {
      decisions.start(namespacePrefix);
    },
    recorded: decisions.recorded,
    state,
  };
}

function stableSessions({ pods }: NodeLedger): Set<string> {
  const ids = new Set<string>();
  for (const { state } of pods.values())
    if (isStablePod(state) && state.allow) ids.add(state.allow.sessionId);
  return ids;
}

function isStablePod({ namespace }: PodStateRead): boolean {
  return namespace.startsWith(`${STABLE}-`);
}

function shareOf({ endsAtMs, lifetimeMs }: CachedCredentials, atMs: MachineMs): number {
  return Math.max(0, endsAtMs - atMs) / lifetimeMs;
}
