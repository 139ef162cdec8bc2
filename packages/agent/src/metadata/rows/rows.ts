import { podOf } from '../../addresses/caller.ts';
import type { KnownPod } from '../../feed/table/known-pod.ts';
import { document, refusal } from '../../pod-http/answer/answer.ts';
import { answerCredentials, answerIam } from './credentials-rows.ts';
import { rightsOf } from '../../node-imds/metadata-rights.ts';
import { pathForLog } from '../request/path.ts';
import type { Situation, Action } from './situation.ts';

type Row = (situation: Situation) => Action | undefined;

/** The rows of DESIGN 4.2, from the top; the first that fits decides. */
const rows: readonly Row[] = [
  metadataDenied,
  tokenAsked,
  tokenWrong,
  notKnownYet,
  twoLivePods,
  noAddressOfItsOwn,
  badAnnotation,
  otherMetadata,
  answerIam,
  noRole,
  notPermitted,
  answerCredentials,
];

/** Decides the action for a request in its current situation. Pure: it is called again when the situation changes. */
export function answerFor(situation: Situation): Action {
  for (const row of rows) {
    const action = row(situation);
    if (action !== undefined) return action;
  }
  throw new Error(`no row answers ${situation.route.kind}`);
}

/** `metadata: deny` on the Pod itself applies before its decision is known. */
function metadataDenied({ caller }: Situation): Action | undefined {
  return podOf(caller)?.metadata.denied === true ? answer('MetadataDenied') : undefined;
}

/** The column of the token: except for the row above, everyone gets one immediately. */
function tokenAsked({ route }: Situation): Action | undefined {
  return route.kind === 'token' ? { kind: 'mint' } : undefined;
}

function tokenWrong({ token, imdsv1 }: Situation): Action | undefined {
  if (token === 'invalid') return answer('TokenInvalid');
  return token === 'missing' && imdsv1 === 'deny' ? answer('TokenMissing') : undefined;
}

function notKnownYet({ caller }: Situation): Action | undefined {
  if (caller.kind === 'unknown') return hold(caller.waitsFor);
  if (caller.kind !== 'pod' || isCertain(caller.pod)) return undefined;
  const { decision } = caller.pod;
  return decision.kind === 'pending' ? hold(decision.waitsFor) : undefined;
}

function twoLivePods({ caller }: Situation): Action | undefined {
  if (caller.kind !== 'ambiguous') return undefined;
  const names = caller.pods.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  return { kind: 'hold', inVain: refusal('AmbiguousIp', { waitedFor: `one of ${names} to end` }) };
}

function noAddressOfItsOwn({ caller }: Situation): Action | undefined {
  if (caller.kind === 'node') return answer('HostNetwork');
  const pod = podOf(caller);
  if (pod?.hostNetwork === true || isDenied(pod, 'HostNetwork')) return answer('HostNetwork');
  return isStatic(pod) ? answer('StaticPod') : undefined;
}

function badAnnotation({ caller }: Situation): Action | undefined {
  const pod = podOf(caller);
  return isDenied(pod, 'BadAnnotation') ? answer('BadAnnotation', detailOf(pod)) : undefined;
}

/** Other metadata, independent of the role. A path outside this Pod's groups is blocked like one outside all groups. */
function otherMetadata({ route, caller, other, groups }: Situation): Action | undefined {
  const pod = podOf(caller);
  if (pod === undefined) return undefined;
  if (route.kind === 'versions') return { kind: 'answer', answer: document('1.0\nlatest') };
  if (route.kind !== 'metadata') return undefined;
  const { path } = route;
  const rights = rightsOf(pod, groups);
  if (other.readable(path, rights) !== undefined) return { kind: 'read', path, rights };
  return answer('PathBlocked', { detail: `${pathForLog(path)} is not in this Pod's groups` });
}

function noRole({ caller }: Situation): Action | undefined {
  return isDenied(podOf(caller), 'NoRole') ? answer('NoRole') : undefined;
}

function notPermitted({ caller, route }: Situation): Action | undefined {
  const decision = podOf(caller)?.decision;
  if (decision?.kind !== 'deny') return undefined;
  const { reason, message, roleName } = decision;
  if (route.kind === 'list' && roleName !== undefined) return { kind: 'answer', answer: document(roleName) };
  return answer(reason, { status: 403, detail: message });
}

/** Host-network and static Pods are refused without knowing their Namespace. */
function isCertain(pod: KnownPod): boolean {
  return pod.hostNetwork || isStatic(pod);
}

function isStatic(pod: KnownPod | undefined): boolean {
  return pod !== undefined && (pod.runtimeUid !== '' || isDenied(pod, 'StaticPod'));
}

function isDenied(pod: KnownPod | undefined, reason: string): boolean {
  return pod?.decision.kind === 'deny' && pod.decision.reason === reason;
}

function detailOf(pod: KnownPod | undefined): { detail?: string } {
  return pod?.decision.kind === 'deny' ? { detail: pod.decision.message } : {};
}

function answer(...parts: Parameters<typeof refusal>): Action {
  return { kind: 'answer', answer: refusal(...parts) };
}

function hold(waitedFor: string): Action {
  return { kind: 'hold', inVain: refusal('HeldTimeout', { waitedFor }) };
}
