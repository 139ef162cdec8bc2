import type { Reason } from '@rolegate/protocol';
import type { Session } from '../session/session.ts';
import { clip } from './quote.ts';

/** What a Pod may have. */
export interface Verdict {
  readonly decision: Decision;
  readonly metadata: MetadataAccess;
  /** What is wrong with the Namespace's own annotations, whether or not this Pod meets it. */
  readonly namespaceRuleFault?: string;
}

/** What the Pod may read besides its own credentials. */
export interface MetadataAccess {
  /** No metadata API at all. */
  readonly denied: boolean;
  /** Present: of the groups that the agent serves, only these. */
  readonly only?: readonly string[];
}

export type Decision = Allow | Deny | Pending;

export interface Allow {
  readonly kind: 'allow';
  readonly session: Session;
  readonly roleArn: string;
  /** What the list of roles shows: path/name under the base ARN, else the ARN. */
  readonly roleName: string;
  /** Under `--namespace-policy audit`: why enforce would refuse it. */
  readonly auditWould?: Denial;
}

export interface Deny extends Denial {
  readonly kind: 'deny';
  /** Present if a role is named but not permitted. */
  readonly roleName?: string;
  /** The Pod or its ServiceAccount asks for a role by an annotation: the operator wants to hear of it by an Event. */
  readonly annotated: boolean;
}

export interface Pending {
  readonly kind: 'pending';
  readonly waitsFor: string;
  /** What was decided before no longer holds. */
  readonly withdraws?: true;
}

/** Why not. The message is for the operator: it names rules and objects. */
export interface Denial {
  readonly reason: Reason;
  /** Printable ASCII, at most 1,000 characters. */
  readonly message: string;
}

/** Messages hold foreign text: this keeps them within bounds. */
export function denial(reason: Reason, message: string): Denial {
  return { reason, message: clip(message) };
}
