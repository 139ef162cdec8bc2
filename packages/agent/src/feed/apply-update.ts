import { isReason } from '@rolegate/protocol';
import type {
  CredentialsRead,
  FeedUpdateRead,
  IssuerKeysRead,
  PodStateRead,
  Reason,
  SessionStateRead,
} from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { CredentialsForDocument } from '../imds-documents/credentials-document.ts';
import type { Decision, CachedCredentials, KnownPod } from './table/known-pod.ts';
import type { PodTable } from './table/pod-table.ts';

export interface ApplyDeps {
  readonly table: PodTable;
  readonly clock: Clock;
  readonly buildDocument: (credentials: CredentialsForDocument) => string;
  readonly setTokenKeys: (keys: readonly { readonly id: string; readonly secret: Buffer }[]) => void;
  /** Undefined: the agent does not serve container credentials. */
  readonly setIssuerKeys?: ((keys: IssuerKeysRead) => void) | undefined;
}

/** Applies one update of the feed to the table. Hello is handled by the client. */
export function applyUpdate(
  update: FeedUpdateRead,
  { table, clock, buildDocument, setTokenKeys, setIssuerKeys }: ApplyDeps,
): void {
  switch (update.update) {
    case 'pod':
      if (update.pod) table.setPod(knownPod(update.pod), update.pod.resourceVersions ?? NO_VERSIONS);
      return;
    case 'podRemoved':
      if (update.podRemoved) table.removePod(update.podRemoved.uid, update.podRemoved.resourceVersion);
      return;
    case 'session':
      if (update.session) applySession(update.session);
      return;
    case 'sessionRemoved':
      if (update.sessionRemoved) table.removeSession(update.sessionRemoved.sessionId);
      return;
    case 'synced':
      if (update.synced) table.endSnapshot(update.synced.podsResourceVersion);
      return;
    case 'tokenKeys':
      if (update.tokenKeys) setTokenKeys(update.tokenKeys.keys);
      return;
    case 'issuerKeys':
      if (update.issuerKeys) setIssuerKeys?.(update.issuerKeys);
      return;
    case 'hello':
    case undefined: // an update that a newer server knows but this agent does not
  }

  /** Without new credentials the session keeps its current ones: the table ensures that. */
  function applySession({ sessionId, credentials, failure }: SessionStateRead): void {
    table.setSession({
      id: sessionId,
      ...(credentials && { credentials: heldCredentials(credentials) }),
      ...(failure && {
        failure: { reason: asReason(failure.reason, 'StsUnavailable'), message: failure.message },
      }),
    });
  }

  function heldCredentials(credentials: CredentialsRead): CachedCredentials {
    const { accessKeyId, accountId, fingerprint, lifetimeMs, remainingMs } = credentials;
    // SDKs compare the document with the node's clock, so the lifetime is added to the node's clock.
    const expirationMs = clock.now() + remainingMs;
    return {
      accessKeyId,
      accountId,
      fingerprint,
      lifetimeMs,
      expiresAtMs: clock.monotonic() + remainingMs,
      document: buildDocument({ ...credentials, lastUpdatedMs: expirationMs - lifetimeMs, expirationMs }),
    };
  }
}

const NO_VERSIONS = { pod: '', namespace: '', serviceAccount: '' };

export function knownPod(state: PodStateRead): KnownPod {
  const { uid, namespace, name, serviceAccount, runtimeUid, ips, hostNetwork, ended, terminating } = state;
  const only = state.metadata?.only?.groups;
  return {
    uid,
    namespace,
    name,
    serviceAccount,
    runtimeUid,
    ips,
    hostNetwork,
    ended,
    terminating,
    metadata: { denied: state.metadata?.denied ?? false, ...(only && { only: new Set(only) }) },
    decision: decisionOf(state),
    ...(state.inputs && { inputs: state.inputs }),
  };
}

function decisionOf({ allow, deny, pending }: PodStateRead): Decision {
  if (allow) return { kind: 'allow', ...allow };
  if (deny) {
    const { message, roleName } = deny;
    return {
      kind: 'deny',
      reason: asReason(deny.reason, 'NamespaceDenied'),
      message,
      ...(roleName !== '' && { roleName }),
    };
  }
  return {
    kind: 'pending',
    waitsFor: pending?.waitsFor ?? 'a decision that this version of the agent understands',
    // A decision that this agent does not understand may be a refusal.
    ...(pending?.withdraws !== false && { withdraws: true }),
  };
}

/** Reasons that only a newer server knows map to the nearest one that this agent knows. */
function asReason(word: string, nearest: Reason): Reason {
  return isReason(word) ? word : nearest;
}
