import type { HeldSessionRead } from '@rolegate/protocol';
import type { Sessions } from '../../credentials/sessions.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { Session } from '../../session/session.ts';
import { sessionId } from '../../session/session.ts';

/** What an agent has cached, by session. */
export type CachedById = ReadonlyMap<string, HeldSessionRead>;

export const NOTHING_CACHED: CachedById = new Map();

export function cachedById(cached: readonly HeldSessionRead[]): CachedById {
  return new Map(cached.map((session) => [session.sessionId, session]));
}

export interface NodeSessionsDeps {
  readonly node: string;
  readonly sessions: Pick<Sessions, 'claim' | 'wantedBy' | 'release'>;
  /** Called when no Pod of the node needs the session any more. */
  readonly gone: (id: string) => void;
}

/** The sessions that one node needs. Each is claimed once, however many of its Pods need it. */
export interface NodeSessions {
  /**
   * Returns the session's ID if no other Pod of the node needs it. The session is then claimed, unless `cached` is undefined
   * because the node has no stream.
   */
  readonly need: (pod: Pod, session: Session, cached: CachedById | undefined) => string | undefined;
  readonly release: (uid: string, id: string) => void;
  /** For a new stream of the node: its agent may have cached other credentials than before, or none. */
  readonly claimAgain: (cached: CachedById) => void;
  readonly has: (id: string) => boolean;
  readonly ids: () => Iterable<string>;
  /** UIDs of the Pods that need the session; undefined if none does. */
  readonly podsOf: (id: string) => Iterable<string> | undefined;
  readonly close: () => void;
}

interface NeededSession {
  readonly session: Session;
  /** The Namespace of the first Pod. */
  readonly namespace: string;
  readonly uids: Set<string>;
}

export function createNodeSessions({ node, sessions, gone }: NodeSessionsDeps): NodeSessions {
  const needed = new Map<string, NeededSession>();

  return {
    need({ uid, namespace }, session, cached) {
      const id = sessionId(session);
      const known = needed.get(id);
      if (known !== undefined) {
        known.uids.add(uid);
        if (namespace !== known.namespace) sessions.wantedBy(id, namespace);
        return undefined;
      }
      needed.set(id, { session, namespace, uids: new Set([uid]) });
      if (cached !== undefined) sessions.claim(session, node, cached.get(id), namespace);
      return id;
    },
    release(uid, id) {
      const known = needed.get(id);
      if (known?.uids.delete(uid) !== true || known.uids.size > 0) return;
      needed.delete(id);
      sessions.release(id, node);
      gone(id);
    },
    claimAgain(cached) {
      for (const [id, { session, namespace }] of needed)
        sessions.claim(session, node, cached.get(id), namespace);
    },
    has: (id) => needed.has(id),
    ids: () => needed.keys(),
    podsOf: (id) => needed.get(id)?.uids,
    close() {
      for (const id of needed.keys()) sessions.release(id, node);
      needed.clear();
    },
  };
}
