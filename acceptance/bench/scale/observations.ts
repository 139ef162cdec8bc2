import type { FeedUpdateRead } from '@rolegate/protocol';
import { sharedNowMs } from './monotonic.ts';

/** When something first reached an agent, by the UID of the Pod. Shared milliseconds. */
type Times = Map<string, number>;

/** What agents have received since the last `clear`. */
export interface Observations {
  readonly note: (update: FeedUpdateRead, hasCredentials: (sessionId: string) => boolean) => void;
  readonly clear: () => void;
  readonly take: () => Record<'allowed' | 'denied' | 'credentials', readonly (readonly [string, number])[]>;
}

export function createObservations(): Observations {
  const allowed: Times = new Map();
  const denied: Times = new Map();
  const credentials: Times = new Map();
  /** UIDs of allowed Pods, by the session that their agents do not have yet. */
  const waiting = new Map<string, Set<string>>();

  function first(times: Times, uid: string): void {
    if (!times.has(uid)) times.set(uid, sharedNowMs());
  }

  return {
    note({ pod, session }, hasCredentials) {
      if (pod?.deny) first(denied, pod.uid);
      if (pod?.allow) {
        const { uid, allow } = pod;
        first(allowed, uid);
        if (hasCredentials(allow.sessionId)) first(credentials, uid);
        else waiting.set(allow.sessionId, (waiting.get(allow.sessionId) ?? new Set()).add(uid));
      }
      if (session?.credentials) {
        for (const uid of waiting.get(session.sessionId) ?? []) first(credentials, uid);
        waiting.delete(session.sessionId);
      }
    },
    clear() {
      for (const times of [allowed, denied, credentials, waiting]) times.clear();
    },
    take: () => ({ allowed: [...allowed], denied: [...denied], credentials: [...credentials] }),
  };
}
