import { valueOf } from '../answers/answer.ts';
import type { PermittingNamespace, ServerRole } from '../answers/server-role.ts';
import { atMost } from '../cluster/at-most.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { explainClusterError } from '../cluster/explain-error.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import { isArn, isNamesake } from '../roles/role-name.ts';
import { askAboutRole, readAgents } from '../roles/sources.ts';
import { hasRole, knownRole, missingIn, roleMatcher } from '../roles/who.ts';
import type { IsRole } from '../roles/who.ts';
import { pathOf, rightOf } from './apply.ts';
import { checkDropped } from './check-dropped.ts';
import { incompleteOf } from '../roles/roles.ts';
import { iamEnd } from './iam-policy.ts';
import { planNamespace } from './plan-role.ts';
import type { NamespacePlan } from './plan-role.ts';
import type { DropCheck, PlannedChange, Revocation, StayingRules } from './revocation.ts';
import { applyAll, fullName, isApplied, isForLater, plannedChange, podsIn, silentIn } from './revoking.ts';
import type { PodOnNode, Revoking } from './revoking.ts';

/** Namespaces that are read at once. */
const MOST_AT_ONCE = 10;

export async function revokeRole(
  role: string,
  pods: readonly RolegatePod[],
  revoking: Revoking,
): Promise<Revocation> {
  const { apply, removeWide, clock } = revoking;
  const answer = await askAboutRole(role, pods, revoking);
  const known = knownRole(answer);
  const isRole = roleMatcher(role, answer);
  const { plans, incomplete } = await planAll(known, revoking);
  const widely = new Set(plans.filter(({ wide }) => wide.length > 0).map(({ namespace }) => namespace));
  const answers = await readAgents({
    ...revoking,
    pods,
    keepsPod: (pod) =>
      pod.role !== undefined && (isRole(pod.role) || isNamesake(pod.role, role) || widely.has(pod.namespace)),
  });
  const rows = podsIn(answers).filter(hasRole);
  const withdrawn = withdrawnIn(plans, known);
  const costs: Costs = {
    having: rows.filter((pod) => isRole(pod.role ?? '')),
    others: rows.filter((pod) => !isRole(pod.role ?? '')),
    withdrawn,
  };
  const planned = plannedChanges(plans, costs, removeWide);
  const changes = apply ? await applyAll(planned, revoking) : planned;
  const done = changes.filter((change) => isApplied(change) && withdrawn.has(change.name));
  const namespaces = new Set(done.map(({ name }) => name));
  const check =
    done.length === 0 ? undefined : await checkRole({ role, isRole, namespaces, pods, answers, revoking });
  const roleArn = known?.role ?? role;
  return {
    kind: 'role',
    target: roleArn,
    dryRun: !apply,
    changes,
    stays: removeWide ? [] : stayingRules(plans, costs),
    notes: notesOf(known, plans, namesakesOf(rows, roleArn)),
    check,
    iam: iamEnd({
      roleArn,
      session: undefined,
      beforeMs: clock.now(),
      isForLater: isForLater(changes, !apply),
    }),
    keep: costs.having.filter(({ namespace }) => !withdrawn.has(namespace)).map(fullName),
    incomplete: [
      ...missingIn(answer),
      ...incomplete,
      ...incompleteOf({ agents: answers, servers: [], namespaces: { value: [] } }),
    ],
  };
}

/** Namespaces whose Pods lose the role by the plans. In an audit, all Namespaces permit it whatever their rules are. */
function withdrawnIn(plans: readonly NamespacePlan[], known: ServerRole | undefined): ReadonlySet<string> {
  if (known?.namespacePolicy === 'audit') return new Set();
  return new Set(plans.filter(({ withdraws }) => withdraws).map(({ namespace }) => namespace));
}

/** The Pods that the plans concern. */
interface Costs {
  /** With the role, or permitted it. */
  readonly having: readonly PodOnNode[];
  /** With other roles, in Namespaces with rules that permit several. */
  readonly others: readonly PodOnNode[];
  readonly withdrawn: ReadonlySet<string>;
}

function plannedChanges(
  plans: readonly NamespacePlan[],
  { having, others, withdrawn }: Costs,
  removeWide: boolean,
): readonly PlannedChange[] {
  return plans.flatMap(({ namespace, change, wide }) =>
    change === undefined
      ? []
      : [
          plannedChange(change, {
            loses: withdrawn.has(namespace) ? namesIn(namespace, having) : [],
            mayLose: removeWide && wide.length > 0 ? namesIn(namespace, others) : [],
          }),
        ],
  );
}

function stayingRules(plans: readonly NamespacePlan[], { having, others }: Costs): readonly StayingRules[] {
  return plans
    .filter(({ wide }) => wide.length > 0)
    .map(({ namespace, wide }) => ({
      namespace,
      entries: wide,
      keeps: namesIn(namespace, having),
      others: namesIn(namespace, others),
    }));
}

function namesIn(namespace: string, pods: readonly PodOnNode[]): readonly string[] {
  return pods.filter((pod) => pod.namespace === namespace).map(fullName);
}

/** Reads the Namespaces as they are now, because the plan is for these versions. */
async function planAll(known: ServerRole | undefined, revoking: Revoking) {
  const inTurn = atMost(MOST_AT_ONCE);
  const planned = await Promise.all(
    (known?.namespaces ?? []).map((permitting) => inTurn(() => planOne(permitting, revoking))),
  );
  const failed = planned.flatMap((plan) => ('fault' in plan && plan.fault !== undefined ? [plan] : []));
  return {
    plans: planned.flatMap((plan) => ('fault' in plan ? [] : [plan])),
    incomplete: [...Map.groupBy(failed, ({ fault }) => fault ?? '')].map(
      ([fault, same]) => `no plan for ${some(same.map(({ namespace }) => namespace))}: ${fault}`,
    ),
  };
}

/** Undefined `fault`: the Namespace is gone, and permits nothing. */
interface Unplanned {
  readonly namespace: string;
  readonly fault: string | undefined;
}

async function planOne(
  permitting: PermittingNamespace,
  { connection, signal, removeWide }: Revoking,
): Promise<NamespacePlan | Unplanned> {
  const { namespace } = permitting;
  const what = { kind: 'namespace', namespace: undefined, name: namespace } as const;
  try {
    const object = await connection.json({ path: pathOf(what), right: rightOf('get', what), signal });
    const plan = planNamespace({ permitting, object, removeWide });
    return plan ?? { namespace, fault: 'its rules have just changed; run the command again' };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { namespace, fault: error.fault === 'not found' ? undefined : explainClusterError(error) };
  }
}

function notesOf(
  known: ServerRole | undefined,
  plans: readonly NamespacePlan[],
  namesakes: readonly string[],
): readonly string[] {
  if (known === undefined) return [];
  const byDefault = plans.filter(({ isDefaultRole }) => isDefaultRole).map(({ namespace }) => namespace);
  return [
    ...(known.namespacePolicy === 'audit'
      ? [
          'The servers run with --namespace-policy audit: Pods get every role inside the ceiling, so removing rules withdraws nothing. Take the role out of the ceiling.',
        ]
      : []),
    ...(known.isDefaultRole
      ? ["It is the servers' default role (value roles.default of the server's chart): change that too."]
      : []),
    ...(byDefault.length === 0
      ? []
      : [
          `It is the default role (rolegate.dev/default-role) of ${some(byDefault)}: Pods there that name no role are refused from then on.`,
        ]),
    ...(known.insideCeiling === true
      ? ['It stays inside the role ceiling, so the owner of a Namespace can permit it again.']
      : []),
    ...(known.namespaces.length === 0 ? ['No Namespace permits it: there is nothing to change.'] : []),
    ...(namesakes.length === 0
      ? []
      : [`Not changed: roles of this name in other accounts, ${some(namesakes)}.`]),
  ];
}

function namesakesOf(rows: readonly PodOnNode[], arn: string): readonly string[] {
  const arns = new Set(rows.map(({ role = '' }) => role).filter(isArn));
  return [...arns].filter((other) => other !== arn && isNamesake(other, arn));
}

interface RoleCheck {
  readonly role: string;
  readonly isRole: IsRole;
  /** Those from which the role was withdrawn. */
  readonly namespaces: ReadonlySet<string>;
  readonly pods: readonly RolegatePod[];
  /** Before the changes: only agents that served the role, or did not answer, are asked again. */
  readonly answers: Parameters<typeof podsIn>[0];
  readonly revoking: Revoking;
}

function checkRole({ role, isRole, namespaces, pods, answers, revoking }: RoleCheck): Promise<DropCheck> {
  const isConcerned = (pod: { readonly namespace: string; readonly role?: string | undefined }) =>
    isRole(pod.role ?? '') && namespaces.has(pod.namespace);
  const nodes = new Set(
    [...silentIn(answers), ...podsIn(answers).filter(isConcerned)].map(({ node }) => node),
  );
  return checkDropped({
    ...revoking,
    agents: pods.filter(({ component, node }) => component === 'agent' && nodes.has(node)),
    readAgents: (agents) => readAgents({ ...revoking, pods: agents, keepsPod: isConcerned }),
    isConcerned,
    async stillPermittedIn() {
      const now = await askAboutRole(role, pods, revoking);
      const permitting = now === 'does not say' ? [] : (valueOf(now)?.namespaces ?? []);
      return permitting.map(({ namespace }) => namespace).filter((namespace) => namespaces.has(namespace));
    },
  });
}

/** The most names in a sentence. */
const MOST_NAMED = 10;

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
