import type { Reason } from '@rolegate/protocol';
import type { Session } from '../session/session.ts';
import { clip } from './quote.ts';

/** The policy's full result for a Pod. */
export interface Verdict {
  readonly decision: Decision;
  readonly metadata: MetadataAccess;
  /** What is wrong with the Namespace's annotations, whether or not it affects this Pod. */
  readonly namespaceRuleFault?: string;
}

/** What the Pod can read besides its own credentials. */
export interface MetadataAccess {
  /** The metadata API is closed. */
  readonly denied: boolean;
  /** If set, only these of the groups that the agent serves. */
  readonly only?: readonly string[];
}

export type Decision = Allow | Deny | Pending;

export interface Allow {
  readonly kind: 'allow';
  readonly session: Session;
  readonly roleArn: string;
  /** The name in the list of roles: path/name under the base ARN, else the ARN. */
  readonly roleName: string;
  /** Under `--namespace-policy audit`: why enforce would refuse it. */
  readonly auditWould?: Denial;
}

export interface Deny extends Denial {
  readonly kind: 'deny';
  /** Set if a role is requested but not permitted. */
  readonly roleName?: string;
  /** An annotation of the Pod or its ServiceAccount requests a role, so an Event is recorded. */
  readonly annotated: boolean;
}

export interface Pending {
  readonly kind: 'pending';
  readonly waitsFor: string;
  /** An earlier decision is no longer in force. */
  readonly withdraws?: true;
}

/** Why a request is denied. The message is for the operator, and names rules and objects. */
export interface Denial {
  readonly reason: Reason;
  /** Printable ASCII, at most 1,000 characters. */
  readonly message: string;
}

/** Cuts the message, which may contain foreign text. */
export function denial(reason: Reason, message: string): Denial {
  return { reason, message: clip(message) };
}
