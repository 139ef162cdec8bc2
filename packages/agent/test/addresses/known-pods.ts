import { setImmediate } from 'node:timers/promises';
import type { Log } from '@rolegate/runtime';
import type { CachedCredentials, KnownPod } from '../../src/feed/table/known-pod.ts';

/** A running Pod with a role, as the feed describes it. */
export function knownPod(changes: Partial<KnownPod> = {}): KnownPod {
  const uid = changes.uid ?? 'uid-1';
  return {
    uid,
    namespace: 'shop',
    name: `pod-${uid}`,
    serviceAccount: 'default',
    runtimeUid: '',
    ips: [],
    hostNetwork: false,
    ended: false,
    terminating: false,
    metadata: { denied: false },
    decision: allow('session-1'),
    ...changes,
  };
}

export function allow(sessionId: string): KnownPod['decision'] {
  return {
    kind: 'allow',
    sessionId,
    roleArn: 'arn:aws:iam::123456789012:role/cart',
    roleName: 'cart',
    sessionName: 'shop.default',
  };
}

export function credentials(expiresAtMs: number, fingerprint = 'f1'): CachedCredentials {
  return {
    accessKeyId: 'ASIAEXAMPLE',
    accountId: '123456789012',
    fingerprint,
    expiresAtMs,
    lifetimeMs: 3_600_000,
    document: '{}',
  };
}

/** Decided on the same state of all three objects. */
export function decidedOn(version: number | string): {
  pod: string;
  namespace: string;
  serviceAccount: string;
} {
  return { pod: String(version), namespace: String(version), serviceAccount: String(version) };
}

/** A log that collects its lines: level, message, fields. */
export function createTestLog(): Log & { readonly lines: (readonly [string, string, object])[] } {
  const lines: (readonly [string, string, object])[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push([level, message, fields]);
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Less than a test's time limit, so that its resources are released. Milliseconds. */
const PATIENCE_MS = 4_000;

/** Yields until `isSo`; calls `meanwhile` repeatedly, for example to advance a clock. */
export async function until(isSo: () => boolean, meanwhile?: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`in vain: ${String(isSo)}`);
    await meanwhile?.();
    await setImmediate();
  }
}
