import type { Workload } from './workloads.ts';

/** A statement of a trust policy, to be added to those of the role. */
export interface TrustStatement {
  readonly role: string;
  readonly statement: object;
}

/** One statement a role, for all ServiceAccounts that have it. `issuer` is without `https://`. */
export function webIdentityTrust(workloads: readonly Workload[], issuer: string): readonly TrustStatement[] {
  return byRole(workloads).map(([role, accounts]) => {
    const [, partition = 'aws', , , account = ''] = role.split(':');
    return {
      role,
      statement: {
        Effect: 'Allow',
        // Each account needs an identity provider of its own.
        Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${issuer}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: 'sts.amazonaws.com',
            [`${issuer}:sub`]: accounts.map(
              ({ namespace, serviceAccount }) => `system:serviceaccount:${namespace}:${serviceAccount}`,
            ),
          },
        },
      },
    };
  });
}

/** The same statement for every role: which ServiceAccount has a role is the association's affair. */
export function podIdentityTrust(workloads: readonly Workload[]): readonly TrustStatement[] {
  return byRole(workloads).map(([role, accounts]) => ({
    role,
    statement: {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': [...new Set(accounts.map(({ namespace }) => namespace))],
          'aws:RequestTag/kubernetes-service-account': [
            ...new Set(accounts.map(({ serviceAccount }) => serviceAccount)),
          ],
        },
      },
    },
  }));
}

function byRole(workloads: readonly Workload[]): readonly [string, readonly Workload[]][] {
  const roles = new Map<string, Workload[]>();
  for (const workload of workloads)
    for (const role of workload.roles) roles.set(role, [...(roles.get(role) ?? []), workload]);
  return [...roles].sort(([one], [other]) => (one < other ? -1 : 1));
}
