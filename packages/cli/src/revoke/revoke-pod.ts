import { ClusterError } from '../cluster/cluster-error.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { PodWord } from '../command-line/pod-word.ts';
import { readAgents } from '../roles/sources.ts';
import { hasRole } from '../roles/who.ts';
import { pathOf, rightOf } from './apply.ts';
import { checkDropped } from './check-dropped.ts';
import { incompleteOf } from '../roles/roles.ts';
import { iamEnd } from './iam-policy.ts';
import { planPod } from './plan-pod.ts';
import type { PodPlan } from './plan-pod.ts';
import type { DropCheck, Revocation } from './revocation.ts';
import { applyAll, fullName, isApplied, isForLater, plannedChange, podsIn } from './revoking.ts';
import type { PodOnNode, Revoking } from './revoking.ts';

/** Undefined: there is no such Pod. */
export async function revokePod(
  pod: PodWord,
  pods: readonly RolegatePod[],
  revoking: Revoking,
): Promise<Revocation | undefined> {
  const object = await readPod(pod, revoking);
  if (object === undefined) return undefined;
  const plan = planPod(pod, object);
  const agents = pods.filter(({ component, node }) => component === 'agent' && node === plan.node);
  const answers = await readAgents({ ...revoking, pods: agents, keepsPod: ({ uid }) => uid === plan.uid });
  const [own] = podsIn(answers);
  const others = await sharersOf(own, pods, revoking);
  const loses = own !== undefined && hasRole(own) ? [fullName(own)] : [];
  const planned = plan.change === undefined ? [] : [plannedChange(plan.change, { loses, mayLose: [] })];
  const changes = revoking.apply ? await applyAll(planned, revoking) : planned;
  return {
    kind: 'pod',
    target: `${pod.namespace}/${pod.name}`,
    dryRun: !revoking.apply,
    changes,
    stays: [],
    notes: notesOf(plan, own),
    check: changes.some(isApplied) && agents.length > 0 ? await checkPod(plan, agents, revoking) : undefined,
    iam:
      own?.sessionName === undefined
        ? undefined
        : iamEnd({
            roleArn: own.role ?? '',
            session: own.sessionName,
            beforeMs: revoking.clock.now(),
            isForLater: isForLater(changes, !revoking.apply),
          }),
    keep: others.sharers,
    incomplete:
      agents.length === 0
        ? [nobodyToAsk(plan)]
        : incompleteOf({
            agents: [...answers, ...others.answers],
            servers: [],
            namespaces: { value: [] },
          }),
  };
}

async function readPod({ namespace, name }: PodWord, { connection, signal }: Revoking): Promise<unknown> {
  const what = { kind: 'pod', namespace, name } as const;
  try {
    return await connection.json({ path: pathOf(what), right: rightOf('get', what), signal });
  } catch (error) {
    if (error instanceof ClusterError && error.fault === 'not found') return undefined;
    throw error;
  }
}

/** Other Pods with the same session: the IAM policy denies what was handed out to them as well. */
async function sharersOf(own: PodOnNode | undefined, pods: readonly RolegatePod[], revoking: Revoking) {
  if (own?.sessionName === undefined) return { sharers: [], answers: [] };
  const answers = await readAgents({
    ...revoking,
    pods,
    keepsPod: ({ uid, role, sessionName }) =>
      uid !== own.uid && role === own.role && sessionName === own.sessionName,
  });
  return { sharers: podsIn(answers).map(fullName), answers };
}

function notesOf({ notes, owner }: PodPlan, own: PodOnNode | undefined) {
  return [
    ...notes,
    ...(own !== undefined && !hasRole(own) ? [`Its agent gives it no credentials: ${own.state}.`] : []),
    ...(owner === undefined
      ? []
      : [
          `${owner} makes new Pods without these annotations, and they get the role again: scale it down, or revoke the role.`,
        ]),
  ];
}

function nobodyToAsk({ node }: PodPlan): string {
  return node === ''
    ? 'it is on no node yet, so no agent knows what it has'
    : `there is no agent on its node ${node} that knows what it has`;
}

function checkPod(plan: PodPlan, agents: readonly RolegatePod[], revoking: Revoking): Promise<DropCheck> {
  return checkDropped({
    ...revoking,
    agents,
    readAgents: (asked) => readAgents({ ...revoking, pods: asked, keepsPod: ({ uid }) => uid === plan.uid }),
    isConcerned: () => true,
    stillPermittedIn: () => Promise.resolve([]),
  });
}
