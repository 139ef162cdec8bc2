import { jsonText } from '../../output/json-text.ts';
import { quoted } from '../../output/shell.ts';
import { accountOf } from '../../roles/role-name.ts';
import { shellScript } from '../plan/shell.ts';
import type { PlanFile, PlanNote } from '../plan/make-plan.ts';
import { CREDENTIALS_LABEL, WEB_IDENTITY_ROLE } from '../report/read-objects.ts';
import { sdkNotes } from './sdk-notes.ts';
import { podIdentityTrust, webIdentityTrust } from './trust.ts';
import type { Workload } from './workloads.ts';

export const targets = ['irsa', 'pod-identity', 'container-credentials'] as const;
export type MoveTarget = (typeof targets)[number];

export interface MoveOnInput {
  readonly workloads: readonly Workload[];
  /** The issuer of ServiceAccount tokens; undefined if it is not known. Only for IRSA. */
  readonly issuer: string | undefined;
  /** The account of the cluster's roles. */
  readonly baseArn: string;
}

export interface MoveOn {
  readonly files: readonly PlanFile[];
  /** What cannot move, or needs a person. */
  readonly notes: readonly PlanNote[];
}

/** What to apply to give Pods their roles in another way. What cannot move stays with Rolegate and is named. */
export function moveOn(target: MoveTarget, input: MoveOnInput): MoveOn {
  switch (target) {
    case 'irsa':
      return toIrsa(input);
    case 'pod-identity':
      return toPodIdentity(input);
    case 'container-credentials':
      return toContainerCredentials(input);
  }
}

function toIrsa({ workloads, issuer, baseArn }: MoveOnInput): MoveOn {
  const { movable, notes } = sorted(workloads, baseArn, 'irsa');
  const host = issuer?.replace(/^https:\/\//, '').replace(/\/$/, '') ?? 'ISSUER';
  const missing = movable.filter(({ webIdentityRole }) => webIdentityRole === undefined);
  const lines = missing.map(
    ({ namespace, serviceAccount, roles }) =>
      `kubectl -n ${quoted(namespace)} annotate serviceaccount ${quoted(serviceAccount)} --overwrite ${quoted(`${WEB_IDENTITY_ROLE}=${roles[0] ?? ''}`)}\n`,
  );
  return {
    files: [
      script(
        'irsa.sh',
        'Annotates ServiceAccounts. Pods get the role when they are restarted.\nFirst add the statements of irsa-trust.json to the trust policies.',
        lines.length === 0 ? ['echo "no ServiceAccount needs another annotation"\n'] : lines,
      ),
      json('irsa-trust.json', webIdentityTrust(movable, host)),
    ],
    notes: [
      ...(issuer === undefined
        ? [
            {
              about: 'issuer',
              what: 'it could not be read from the API server; replace ISSUER in irsa-trust.json',
            },
          ]
        : []),
      ...notes,
    ],
  };
}

function toPodIdentity({ workloads, baseArn }: MoveOnInput): MoveOn {
  const { movable, notes } = sorted(workloads, baseArn, 'pod-identity');
  const lines = movable.map(
    ({ namespace, serviceAccount, roles }) =>
      `associate ${[namespace, serviceAccount, roles[0] ?? ''].map(quoted).join(' ')}\n`,
  );
  return {
    files: [
      script(
        'pod-identity.sh',
        'Creates associations: CLUSTER=NAME sh pod-identity.sh. One that exists is left alone; if it has another role, that is said.\nPods get the role when they are restarted. First add the statements of pod-identity-trust.json to the trust policies.',
        [needs('CLUSTER', 'the name of the EKS cluster'), ASSOCIATE, ...lines, 'exit "$differs"\n'],
      ),
      json('pod-identity-trust.json', podIdentityTrust(movable)),
    ],
    notes,
  };
}

/** Listed associations have no role. AWS CLI prints None for an absent text. */
const ASSOCIATE = `differs=0
# associate NAMESPACE SERVICEACCOUNT ROLE
associate() {
  found=$(aws eks list-pod-identity-associations --cluster-name "$CLUSTER" --namespace "$1" --service-account "$2" \\
    --query 'associations[0].associationId' --output text)
  if [ "$found" = None ]; then
    aws eks create-pod-identity-association --cluster-name "$CLUSTER" \\
      --namespace "$1" --service-account "$2" --role-arn "$3"
    return
  fi
  role=$(aws eks describe-pod-identity-association --cluster-name "$CLUSTER" --association-id "$found" \\
    --query association.roleArn --output text)
  if [ "$role" != "$3" ]; then
    echo "$1/$2 has an association with $role instead of $3" >&2
    differs=1
  fi
}

`;

/** Ends the script if a variable is not set that the user has to give. */
function needs(variable: string, what: string): string {
  return `: "\${${variable}:?set it to ${what}}"\n`;
}

/** Roles, permits and sessions stay as they are; only the way to ask for them changes. */
function toContainerCredentials({ workloads }: MoveOnInput): MoveOn {
  const missing = workloads.filter(({ hasToken }) => !hasToken).map(({ namespace }) => namespace);
  const labels = [...new Set(missing)].map(
    (name) => `kubectl label namespace ${quoted(name)} --overwrite ${CREDENTIALS_LABEL}=token\n`,
  );
  const upgrade = (chart: string) =>
    `helm -n rolegate upgrade rolegate-${chart} "oci://$R/charts/rolegate-${chart}" --reset-then-reuse-values \\\n  --set containerCredentials.enabled=true --wait\n`;
  return {
    files: [
      script(
        'container-credentials.sh',
        'Gives Pods of these Namespaces the token when they are restarted. R is the registry of the charts.',
        [
          needs('R', 'the registry of the charts'),
          upgrade('agent'),
          upgrade('server'),
          ...(labels.length === 0 ? ['echo "no Namespace needs another label"\n'] : labels),
        ],
      ),
    ],
    notes: sdkNotes(workloads, 'container-credentials'),
  };
}

/** Those that can move, and why the others cannot. */
function sorted(workloads: readonly Workload[], baseArn: string, target: 'irsa' | 'pod-identity') {
  const movable: Workload[] = [];
  const notes: PlanNote[] = [];
  const account = accountOf(baseArn);
  for (const workload of workloads) {
    const about = `${workload.namespace}/${workload.serviceAccount}`;
    const say = (what: string) => notes.push({ about, what });
    if (workload.roles.length > 1) {
      say(
        `stays: its Pods (${workload.names.join(', ')}) have ${workload.roles.length} roles; give each role a ServiceAccount of its own`,
      );
      continue;
    }
    if (workload.withExternalId > 0) {
      say(`stays: ${workload.withExternalId} Pods have an external ID, for which ${target} has no place`);
      continue;
    }
    const { webIdentityRole = workload.roles[0] } = workload;
    if (webIdentityRole !== workload.roles[0]) {
      say(
        `stays: it has the role ${webIdentityRole} by IRSA already, which SDKs prefer; decide which is meant`,
      );
      continue;
    }
    const isElsewhere = accountOf(workload.roles[0] ?? '') !== account;
    if (isElsewhere && target === 'pod-identity') {
      say(
        'stays: its role is in another account; make an association with a role of this account and --target-role-arn',
      );
      continue;
    }
    movable.push(workload);
    if (workload.withoutRole > 0)
      say(`${workload.withoutRole} other Pods of the ServiceAccount have no role now and get it too`);
    if (workload.serviceAccount === 'default')
      say('every Pod of the Namespace without a ServiceAccount of its own gets the role');
    if (isElsewhere) say('its role is in another account, which needs an identity provider for this cluster');
  }
  return { movable, notes: [...notes, ...sdkNotes(movable, target)] };
}

function script(name: string, about: string, lines: readonly string[]): PlanFile {
  return { name, text: shellScript(about, lines.join('')) };
}

function json(name: string, value: unknown): PlanFile {
  return { name, text: jsonText(value) };
}
