import type { DecisionInputs, Reason } from '@rolegate/protocol';

/** A Pod of this node as last described by the feed. */
export interface KnownPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** The UID that the runtime has for a static Pod; '' for others. */
  readonly runtimeUid: string;
  /** From status.podIPs, canonical (RFC 5952). */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** Phase Succeeded or Failed. */
  readonly ended: boolean;
  /** It has a deletionTimestamp; it is still served. */
  readonly terminating: boolean;
  readonly metadata: MetadataAccess;
  readonly decision: Decision;
  /** The inputs of the decision; undefined: an older server does not send them. */
  readonly inputs?: DecisionInputs;
}

export interface MetadataAccess {
  /** `rolegate.dev/metadata: deny`: no metadata API at all. */
  readonly denied: boolean;
  /** If present, only these of the groups that the agent serves. */
  readonly only?: ReadonlySet<string>;
}

export type Decision =
  | {
      readonly kind: 'allow';
      readonly sessionId: string;
      readonly roleArn: string;
      /** As shown in the list of roles: path/name under the base ARN, otherwise the ARN. */
      readonly roleName: string;
      readonly sessionName: string;
    }
  | {
      readonly kind: 'deny';
      readonly reason: Reason;
      /** For the operator's log, never for the Pod. */
      readonly message: string;
      /** If a role is named but not permitted: as shown in the list of roles. */
      readonly roleName?: string;
    }
  | {
      readonly kind: 'pending';
      readonly waitsFor: string;
      /** The previous decision no longer holds. */
      readonly withdraws?: true;
    };

/** What the agent has cached of one session. */
export interface CachedSession {
  readonly id: string;
  readonly credentials?: CachedCredentials;
  /** The last attempt to issue or renew failed; cached credentials stay valid. */
  readonly failure?: { readonly reason: Reason; readonly message: string };
}

export interface CachedCredentials {
  readonly accessKeyId: string;
  /** 12 digits, or '' if the role ARN has none. */
  readonly accountId: string;
  readonly fingerprint: string;
  /** On the agent's monotonic clock. Milliseconds. */
  readonly expiresAtMs: number;
  /** The full lifetime when issued. Milliseconds. */
  readonly lifetimeMs: number;
  /** The IMDS document; the only place that holds the secret. A text, because a small Buffer keeps a pool of 64 KiB alive. */
  readonly document: string;
}
