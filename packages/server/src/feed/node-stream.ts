import type { FeedUpdate, HeldSessionRead } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { KnownKeys } from '../issuer-keys/known-keys.ts';
import { podRemoved, sessionState } from './nodes/messages.ts';
import type { NodeStream } from './nodes/node-view.ts';
import { createOutbox } from './outbox.ts';
import type { Sink } from './outbox.ts';
import { keysChangeInMs, tokenKeysOf } from '../identity/token-keys.ts';

export interface AgentStreamDeps {
  readonly sink: Sink;
  readonly node: string;
  readonly tokenSecret: Buffer;
  readonly clock: Clock;
  /** From the agent's first report. */
  readonly heldSessions: readonly HeldSessionRead[];
  /** Called if the agent reads too slowly. */
  readonly overflowed?: () => void;
}

export interface AgentStream extends NodeStream {
  hello(hello: {
    readonly version: string;
    readonly serverName: string;
    readonly streamEndsInMs: number;
    readonly forget?: true;
  }): void;
  issuerKeys(keys: KnownKeys): void;
  synced(podsResourceVersion: string): void;
  close(): void;
}

/** One agent's stream: turns changes into updates, and omits credentials that the agent already has cached. */
export function createAgentStream(deps: AgentStreamDeps): AgentStream {
  const { sink, node, tokenSecret, clock, heldSessions, overflowed } = deps;
  const outbox = createOutbox(sink, overflowed);
  const fingerprints = new Map(heldSessions.map(({ sessionId, fingerprint }) => [sessionId, fingerprint]));
  let cancelKeys = () => {
    // Nothing is scheduled until the first keys are sent.
  };

  function sendKeys(): void {
    outbox.put('token keys', () => ({ tokenKeys: tokenKeysOf(node, tokenSecret, clock.now()) }));
    cancelKeys = clock.schedule(keysChangeInMs(clock.now()), sendKeys);
  }

  return {
    hello(hello) {
      outbox.put('hello', () => ({ hello: { ...hello, serverTimeMs: clock.now() } }));
      sendKeys();
    },
    pod(state) {
      outbox.put(`pod ${String(state.uid)}`, () => ({ pod: state }));
    },
    podRemoved(uid, resourceVersion) {
      outbox.putEnd(`pod ${uid}`, () => podRemoved(uid, resourceVersion));
    },
    session(id, current) {
      outbox.put(`session ${id}`, (): FeedUpdate | undefined => {
        const snapshot = current();
        if (snapshot === undefined) return undefined;
        const session = sessionState(id, snapshot, fingerprints.get(id), clock.now());
        if (session.credentials?.fingerprint !== undefined)
          fingerprints.set(id, session.credentials.fingerprint);
        return { session };
      });
    },
    sessionRemoved(id) {
      fingerprints.delete(id);
      outbox.putEnd(`session ${id}`, () => ({ sessionRemoved: { sessionId: id } }));
    },
    issuerKeys({ issuers, keys }) {
      outbox.put('issuer keys', () => ({ issuerKeys: { issuers: [...issuers], keys: [...keys] } }));
    },
    synced(podsResourceVersion) {
      outbox.put('synced', () => ({ synced: { podsResourceVersion } }));
    },
    close() {
      cancelKeys();
      outbox.close();
    },
  };
}
