import { createPolicy } from '@rolegate/server';
import type { Decision, Policy } from '@rolegate/server';

/** A Pod as Rolegate's server would see it. */
export interface NewSubject {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly staticPod: boolean;
  readonly namespaceAnnotations: Readonly<Record<string, string>>;
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
}

export interface NewRules {
  readonly baseArn: string;
  /** `roles.default` of the server's chart. */
  readonly defaultRole: string | undefined;
  /** `roles.ceiling`; if empty, the account of the base ARN. */
  readonly ceilings: readonly string[];
}

/** The server's own policy, with permits enforced. */
export function createNewPolicy({ baseArn, defaultRole, ceilings }: NewRules): Policy {
  return createPolicy({
    roleBaseArn: baseArn,
    defaultRole,
    ceilings,
    namespacePolicy: 'enforce',
    sessionScope: 'workload',
    sessionTagTemplates: {},
    durationSeconds: 3_600,
    clusterName: '',
  });
}

/** A Pod without a name, a role or permits. */
export const nobody: NewSubject = {
  namespace: '',
  name: '',
  serviceAccount: '',
  annotations: {},
  hostNetwork: false,
  staticPod: false,
  namespaceAnnotations: {},
  serviceAccountAnnotations: {},
};

/** What Rolegate gives a Pod. */
export function newVerdict(policy: Policy, subject: NewSubject): Decision {
  return decided(policy, subject).decision;
}

/** What is wrong with the annotations of a Namespace; undefined if all are valid. */
export function namespaceFault(
  policy: Policy,
  namespace: string,
  annotations: NewSubject['namespaceAnnotations'],
): string | undefined {
  return decided(policy, { ...nobody, namespace, namespaceAnnotations: annotations }).namespaceRuleFault;
}

function decided(policy: Policy, subject: NewSubject): ReturnType<Policy['decide']> {
  const { namespace, name, serviceAccount, annotations, hostNetwork, staticPod } = subject;
  return policy.decide({
    pod: {
      namespace,
      name,
      serviceAccount,
      annotations,
      hostNetwork,
      staticPod,
      uid: '',
      node: '',
    },
    namespace: { annotations: subject.namespaceAnnotations },
    serviceAccount: { annotations: subject.serviceAccountAnnotations },
  });
}
