import type { HeldSessionRead } from '@rolegate/protocol';
import type { Sessions } from '../../credentials/sessions.ts';
import type { Pod } from '../../kubernetes/objects/objects.ts';
import type { Session } from '../../session/session.ts';
import { sessionId } from '../../session/session.ts';

/** What an agent says to hold, by session. */
export type HeldById = ReadonlyMap<string, HeldSessionRead>;

export const NOTHING_HELD: HeldById = new Map();

export function heldById(held: readonly HeldSessionRead[]): HeldById {
  return new Map(held.map((session) => [session.sessionId, session]));
}

export interface NodeSessionsDeps {
  readonly node: string;
  readonly sessions: Pick<Sessions, 'claim' | 'wantedBy' | 'release'>;
  /** No Pod of the node needs the session any more. */
  readonly gone: (id: string) => void;
}

/** The sessions that one node needs, each claimed once however many of its Pods need it. */
export interface NodeSessions {
  /**
   * Returns the session's ID if no Pod of the node has needed it before. It is claimed then, unless `held` is undefined: the
   * node has no stream.
   */
  readonly need: (pod: Pod, session: Session, held: HeldById | undefined) => string | undefined;
  readonly needNoMore: (uid: string, id: string) => void;
  /** A new stream of the node: its agent may hold other credentials than the last time, or none. */
  readonly claimAgain: (held: HeldById) => void;
  readonly has: (id: string) => boolean;
  readonly ids: () => Iterable<string>;
  /** UIDs of the Pods that need the session; undefined: none does. */
  readonly podsOf: (id: string) => Iterable<string> | undefined;
  readonly close: () => void;
}

interface NeededSession {
  readonly session: Session;
  /** Of the first Pod. */
  readonly namespace: string;
  readonly uids: Set<string>;
}

export function createNodeSessions({ node, sessions, gone }: NodeSessionsDeps): NodeSessions {
  const needed = new Map<string, NeededSession>();

  return {
    need({ uid, namespace }, session, held) {
      const id = sessionId(session);
      const known = needed.get(id);
      if (known !== undefined) {
        known.uids.add(uid);
        if (namespace !== known.namespace) sessions.wantedBy(id, namespace);
        return undefined;
      }
      needed.set(id, { session, namespace, uids: new Set([uid]) });
      if (held !== undefined) sessions.claim(session, node, held.get(id), namespace);
      return id;
    },
    needNoMore(uid, id) {
      const known = needed.get(id);
      if (known?.uids.delete(uid) !== true || known.uids.size > 0) return;
      needed.delete(id);
      sessions.release(id, node);
      gone(id);
    },
    claimAgain(held) {
      for (const [id, { session, namespace }] of needed)
        sessions.claim(session, node, held.get(id), namespace);
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
