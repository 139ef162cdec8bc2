import type { DecisionInputs, Reason } from '@rolegate/protocol';

/** A Pod of this node as the feed last described it. */
export interface KnownPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** The UID that the runtime knows a static Pod by; '' for others. */
  readonly runtimeUid: string;
  /** From status.podIPs, canonical (RFC 5952). */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** Phase Succeeded or Failed. */
  readonly ended: boolean;
  /** It has a deletionTimestamp: still served. */
  readonly terminating: boolean;
  readonly metadata: MetadataAccess;
  readonly decision: Decision;
  /** What the decision was made on; undefined: an older server does not say. */
  readonly inputs?: DecisionInputs;
}

export interface MetadataAccess {
  /** `rolegate.dev/metadata: deny`: no metadata API at all. */
  readonly denied: boolean;
  /** Present: of the groups that the agent serves, only these. */
  readonly only?: ReadonlySet<string>;
}

export type Decision =
  | {
      readonly kind: 'allow';
      readonly sessionId: string;
      readonly roleArn: string;
      /** What the list of roles shows: path/name under the base ARN, else the ARN. */
      readonly roleName: string;
      readonly sessionName: string;
    }
  | {
      readonly kind: 'deny';
      readonly reason: Reason;
      /** For the operator's log, never for the Pod. */
      readonly message: string;
      /** Where a role is named but not permitted: what the list of roles shows. */
      readonly roleName?: string;
    }
  | {
      readonly kind: 'pending';
      readonly waitsFor: string;
      /** What was decided before no longer holds. */
      readonly withdraws?: true;
    };

/** What the agent holds of one session. */
export interface CachedSession {
  readonly id: string;
  readonly credentials?: CachedCredentials;
  /** The last attempt to issue or renew failed; credentials held meanwhile stay good. */
  readonly failure?: { readonly reason: Reason; readonly message: string };
}

export interface CachedCredentials {
  readonly accessKeyId: string;
  /** 12 digits, or '' when the role ARN has none. */
  readonly accountId: string;
  readonly fingerprint: string;
  /** On the agent's monotonic clock. Milliseconds. */
  readonly expiresAtMs: number;
  /** The whole life they had when they were issued. Milliseconds. */
  readonly lifetimeMs: number;
  /** The IMDS document, ready to send; the only place where the secret is. */
  readonly document: Buffer;
}
