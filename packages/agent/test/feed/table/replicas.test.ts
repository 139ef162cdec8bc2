import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createFakeClock } from '@rolegate/testing';
import { silentLog } from '@rolegate/runtime';
import { createPodTable } from '../../../src/feed/table/pod-table.ts';
import { allow, credentials, knownPod } from '../../addresses/known-pods.ts';

const UIDS = ['uid-1', 'uid-2'] as const;
const SESSIONS = ['session-1', 'session-2'] as const;

interface Versions {
  readonly pod: number;
  readonly namespace: number;
  readonly serviceAccount: number;
}

type Message =
  | {
      readonly kind: 'pod';
      readonly uid: string;
      readonly versions: Versions;
      readonly session: string | undefined;
    }
  | { readonly kind: 'podRemoved'; readonly uid: string; readonly version: number }
  | { readonly kind: 'session' | 'sessionRemoved'; readonly id: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end'; readonly version: number };

const version = fc.integer({ min: 8, max: 12 }); // 9 and 10 differ in length
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('pod' as const),
    uid: fc.constantFrom(...UIDS),
    versions: fc.record({ pod: version, namespace: version, serviceAccount: version }),
    session: fc.option(fc.constantFrom(...SESSIONS), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('podRemoved' as const), uid: fc.constantFrom(...UIDS), version }),
  fc.record({
    kind: fc.constantFrom('session' as const, 'sessionRemoved' as const),
    id: fc.constantFrom(...SESSIONS),
  }),
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({ kind: fc.constant('end' as const), version }),
);

/** Sends messages of any replicas in any order; calls `see` after each. */
function send(
  messages: readonly Message[],
  see: (table: ReturnType<typeof createPodTable>, last: Message, outcome: string) => void,
) {
  const table = createPodTable({ clock: createFakeClock(), log: silentLog });
  for (const last of messages) see(table, last, apply(table, last));
  return table;
}

function apply(table: ReturnType<typeof createPodTable>, sent: Message): string {
  switch (sent.kind) {
    case 'pod': {
      const { uid, session, versions } = sent;
      const decision =
        session === undefined
          ? ({ kind: 'deny', reason: 'NamespaceDenied', message: '' } as const)
          : allow(session);
      // The name shows the test what is in the table.
      const pod = knownPod({ uid, decision, name: JSON.stringify(versions) });
      return table.setPod(pod, {
        pod: String(versions.pod),
        namespace: String(versions.namespace),
        serviceAccount: String(versions.serviceAccount),
      });
    }
    case 'podRemoved':
      table.removePod(sent.uid, String(sent.version));
      return '';
    case 'session':
      table.setSession({ id: sent.id, credentials: credentials(1_000) });
      return '';
    case 'sessionRemoved':
      table.removeSession(sent.id);
      return '';
    case 'begin':
      table.beginSnapshot();
      return '';
    case 'end':
      table.endSnapshot(String(sent.version));
      return '';
  }
}

function referred(table: ReturnType<typeof createPodTable>): ReadonlySet<string> {
  return new Set(
    table.pods().flatMap(({ decision }) => (decision.kind === 'allow' ? [decision.sessionId] : [])),
  );
}

describe('Messages of replicas in any order', () => {
  it('The Pod table never holds a decision older than one that it has accepted', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const newest = new Map<string, Versions>();
        send(messages, (table, last, outcome) => {
          if (last.kind === 'pod' && outcome === 'set') {
            const { pod = 0, namespace = 0, serviceAccount = 0 } = newest.get(last.uid) ?? {};
            const { versions } = last;
            newest.set(last.uid, {
              pod: Math.max(pod, versions.pod),
              namespace: Math.max(namespace, versions.namespace),
              serviceAccount: Math.max(serviceAccount, versions.serviceAccount),
            });
          }
          for (const { uid, name } of table.pods()) expect(JSON.parse(name)).toEqual(newest.get(uid));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('A Pod does not come back in a state that was seen to have ended', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const ended = new Map<string, number>();
        send(messages, (table, last) => {
          if (last.kind === 'podRemoved' && table.pod(last.uid) === undefined)
            ended.set(last.uid, Math.max(last.version, ended.get(last.uid) ?? 0));
          for (const { uid, name } of table.pods())
            expect((JSON.parse(name) as Versions).pod).toBeGreaterThan(ended.get(uid) ?? 0);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('No credentials remain of a decision that was revoked', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        let before: ReadonlySet<string> = new Set();
        let sentInSnapshot: Set<string> | undefined;
        send(messages, (table, last) => {
          if (last.kind === 'begin') sentInSnapshot = new Set();
          if (last.kind === 'end') sentInSnapshot = undefined;
          if (last.kind === 'session') sentInSnapshot?.add(last.id);
          const now = referred(table);
          const withdrawn = [...before].filter((id) => !now.has(id) && sentInSnapshot?.has(id) !== true);
          for (const id of withdrawn) expect(table.session(id)).toBeUndefined();
          if (last.kind === 'end') for (const { id } of table.cachedSessions()) expect(now).toContain(id);
          before = now;
        });
      }),
      { numRuns: 500 },
    );
  });

  it('A session that a decision names keeps its credentials', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const table = send(messages, () => undefined);
        table.setPod(knownPod({ uid: 'uid-9', decision: allow('session-1') }), {
          pod: '99',
          namespace: '99',
          serviceAccount: '99',
        });
        table.setSession({ id: 'session-1', credentials: credentials(1_000) });
        for (const last of messages) apply(table, last.kind === 'end' ? { ...last, version: 98 } : last);
        expect(table.session('session-1')?.credentials).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });
});
