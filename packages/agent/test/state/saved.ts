import { randomBytes } from 'node:crypto';
import type { CachedSession } from '../../src/feed/table/known-pod.ts';
import { createTokenKeys } from '../../src/imds-tokens/token-keys.ts';
import type { SavedState, SavedTable } from '../../src/state/saved-state.ts';
import { allow, credentials, decidedOn, knownPod } from '../addresses/known-pods.ts';

/** Must never be in a log. */
export const SECRET = 'wJalrXUtnFEMI-the-secret-key';

export function sessionOf(id: string, expiresAtMs: number): CachedSession {
  const document = `{\n  "SecretAccessKey" : "${SECRET}",\n  "Token" : "${id}"\n}`;
  return { id, credentials: { ...credentials(expiresAtMs), document } };
}

export function savedTable(changes: Partial<SavedTable> = {}): SavedTable {
  return {
    pods: [
      { pod: knownPod({ ips: ['10.1.0.7', 'fd00::7'] }), versions: decidedOn(10) },
      {
        pod: knownPod({
          uid: 'uid-2',
          runtimeUid: 'hash',
          hostNetwork: true,
          terminating: true,
          ended: true,
          metadata: { denied: false, only: new Set(['placement']) },
          decision: { kind: 'deny', reason: 'NamespaceDenied', message: 'not permitted', roleName: 'cart' },
        }),
        versions: { pod: '11', namespace: '', serviceAccount: '7' },
      },
      {
        pod: knownPod({ uid: 'uid-3', decision: { kind: 'pending', waitsFor: 'a Namespace' } }),
        versions: decidedOn(12),
      },
      {
        pod: knownPod({
          uid: 'uid-4',
          metadata: { denied: true },
          decision: { kind: 'deny', reason: 'NoRole', message: '' },
        }),
        versions: decidedOn(13),
      },
      { pod: knownPod({ uid: 'uid-5', decision: allow('session-2') }), versions: decidedOn(14) },
    ],
    gone: [{ uid: 'uid-9', versions: decidedOn(9), untilMs: 500_000 }],
    sessions: [
      sessionOf('session-1', 3_600_000),
      { id: 'session-2', failure: { reason: 'StsAccessDenied', message: 'not authorized' } },
    ],
    named: ['uid-1'],
    claims: [
      {
        file: '/var/lib/cni/results/podnet-1-eth0',
        result: { uid: 'uid-1', namespace: 'shop', name: 'pod-uid-1', ips: ['10.1.0.7'] },
        lost: ['fd00::7'],
      },
      { file: '/var/lib/cni/results/podnet-2-eth0', lost: [] },
      {
        file: '/var/lib/cni/results/podnet-3-eth0',
        result: { namespace: 'shop', name: 'till', ips: [] },
        lost: [],
      },
    ],
    feedThereMs: 1_000,
    forgotAtMs: 500,
    ...changes,
  };
}

export function keptState(changes: Partial<SavedState> = {}): SavedState {
  const keys = createTokenKeys({ clock: { now: () => 1 }, randomBytes });
  keys.set([{ id: 'k', secret: randomBytes(32) }]);
  return {
    tokens: keys.kept(),
    certificate: { chain: 'CHAIN', key: SECRET, authorities: 'CA' },
    table: savedTable(),
    ...changes,
  };
}
