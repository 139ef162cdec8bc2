import type { Annotations } from '../../src/policy/annotation-text.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import type { PolicySettings, Presence, Subject, SubjectPod, Verdict } from '../../src/policy/decide.ts';

export const ACCOUNT = 'arn:aws:iam::123456789012:role/';
export const ROLE = 'iam.amazonaws.com/role';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED_ROLES = 'iam.amazonaws.com/allowed-roles';
export const METADATA = 'rolegate.dev/metadata';

export interface Situation {
  readonly settings?: Partial<PolicySettings>;
  readonly pod?: Partial<SubjectPod>;
  /** Of the Pod. */
  readonly annotations?: Annotations;
  /** Annotations of the Namespace, or that it is absent or unseen. */
  readonly namespace?: Annotations | 'absent' | 'unseen';
  readonly serviceAccount?: Annotations | 'absent' | 'unseen';
  readonly servesContainerCredentials?: boolean;
}

export const settings: PolicySettings = {
  roleBaseArn: ACCOUNT,
  ceilings: [],
  namespacePolicy: 'enforce',
  sessionScope: 'workload',
  sessionTagTemplates: {},
  durationSeconds: 3600,
  clusterName: 'blue',
};

/** A Pod of Namespace team-a with the ServiceAccount reader, as the situation changes it. */
export function subjectOf(situation: Situation): Subject {
  return {
    pod: {
      uid: '0b5e1d1c-2f0e-4d0c-9d5a-0d6a7c1f3b11',
      namespace: 'team-a',
      name: 'web-0',
      node: 'node-1',
      serviceAccount: 'reader',
      annotations: situation.annotations ?? {},
      hostNetwork: false,
      staticPod: false,
      ...situation.pod,
    },
    namespace: presence(situation.namespace),
    serviceAccount: presence(situation.serviceAccount),
    ...(situation.servesContainerCredentials === true && { servesContainerCredentials: true }),
  };
}

export function decide(situation: Situation): Verdict {
  return createPolicy({ ...settings, ...situation.settings }).decide(subjectOf(situation));
}

/** The outcome in a word or a reason, for tables. */
export function outcome(situation: Situation): string {
  const { decision } = decide(situation);
  switch (decision.kind) {
    case 'allow':
      return `allow ${decision.roleArn}`;
    case 'deny':
      return decision.reason;
    case 'pending':
      return `pending ${decision.waitsFor}`;
  }
}

function presence(annotations: Situation['namespace']): Presence {
  return typeof annotations === 'string' ? annotations : { annotations: annotations ?? {} };
}
