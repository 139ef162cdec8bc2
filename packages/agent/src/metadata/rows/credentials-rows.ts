import { createHash } from 'node:crypto';
import { roleArnParts } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import { podOf } from '../../addresses/caller.ts';
import type { CachedCredentials, CachedSession, KnownPod } from '../../feed/table/known-pod.ts';
import { document, refusal } from '../../pod-http/answer/answer.ts';
import type { Answer } from '../../pod-http/answer/answer.ts';
import { errorDocument, imdsJson, imdsTime } from '../../imds-documents/credentials-document.ts';
import { renderOnce } from '../../pod-http/answer/render.ts';
import type { Situation, Action } from './situation.ts';

type Allowed = Extract<KnownPod['decision'], { kind: 'allow' }>;

/** Failures of the role itself, which waiting does not fix, so the SDK gets them in the document. */
const ROLE_FAILURES: ReadonlySet<Reason> = new Set<Reason>(['StsAccessDenied', 'StsInvalidRequest']);

/** AWS's instance profile IDs: AIPA and 17 of these characters. */
const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ID_LENGTH = 17;

/** The rows of DESIGN 4.2 from "another role than its own" on, for a Pod whose role is permitted. */
export function answerCredentials(situation: Situation): Action | undefined {
  const { route, caller } = situation;
  const decision = podOf(caller)?.decision;
  if (decision?.kind !== 'allow') return undefined;
  if (route.kind === 'list') return listOf(decision);
  if (route.kind !== 'credentials') return undefined;
  if (!isOwnRole(route.role, decision)) {
    return {
      kind: 'answer',
      answer: refusal('RoleMismatch', { detail: `the Pod's role is ${decision.roleArn}` }),
    };
  }
  return fromSession(situation.session(decision.sessionId), decision, situation);
}

/** Caches actions that are taken repeatedly, one per subject. */
function givenOften<About extends object>(
  answer: (about: About) => Parameters<typeof renderOnce>[0],
): (about: About) => Action {
  const actions = new WeakMap<About, Action>();
  return (about) => {
    const made = actions.get(about);
    if (made !== undefined) return made;
    const action: Action = { kind: 'answer', answer: renderOnce(answer(about)) };
    actions.set(about, action);
    return action;
  };
}

const listOf = givenOften(({ roleName }: Allowed) => document(roleName));
const documentOf = givenOften(({ document: body, accessKeyId }: CachedCredentials) => ({
  status: 200,
  code: '' as const,
  body,
  accessKeyId,
}));

function fromSession(session: CachedSession | undefined, decision: Allowed, situation: Situation): Action {
  const credentials = session?.credentials;
  if (credentials !== undefined && credentials.expiresAtMs > situation.monotonicMs) {
    return documentOf(credentials);
  }
  const failure = session?.failure;
  if (failure !== undefined && ROLE_FAILURES.has(failure.reason)) {
    return {
      kind: 'answer',
      answer: roleRefused(failure.reason, failure.message, decision, situation.nowMs),
    };
  }
  const why = failure === undefined ? '' : ` (${failure.reason}: ${failure.message})`;
  const waitedFor = `credentials${why}`;
  return { kind: 'hold', inVain: refusal(credentials ? 'CredentialsExpired' : 'HeldTimeout', { waitedFor }) };
}

/** Every spelling of the Pod's own role: as in the list, the ARN, and both forms of path/name. */
function isOwnRole(asked: string, { roleName, roleArn }: Allowed): boolean {
  if (asked === roleName || asked === roleArn) return true;
  const { pathAndName } = roleArnParts(roleArn);
  const isUnderBase = roleName !== roleArn;
  return isUnderBase && [`/${roleName}`, pathAndName, `/${pathAndName}`].includes(asked);
}

/** Phrased as IMDS does for an instance's role. STS's message stays in the log, because it names the server's role. */
function roleRefused(reason: Reason, detail: string, { roleName }: Allowed, nowMs: number): Answer {
  const body = errorDocument({
    code: 'AssumeRoleUnauthorizedAccess',
    message: `The role ${roleName} cannot be assumed for this Pod: STS refused it.`,
    nowMs,
  });
  return { status: 200, code: reason, body, detail };
}

/** `iam/` and `iam/info` are about the Pod's own role: without a permitted one they do not exist. */
export function answerIam({ route, caller, nowMs }: Situation): Action | undefined {
  if (route.kind !== 'iam' && route.kind !== 'iam-info') return undefined;
  const decision = podOf(caller)?.decision;
  if (decision?.kind === 'deny') {
    const detail = decision.message;
    return { kind: 'answer', answer: refusal(decision.reason, { status: 404, detail }) };
  }
  if (decision?.kind !== 'allow') return undefined;
  const text = route.kind === 'iam' ? 'info\nsecurity-credentials/' : iamInfo(decision.roleArn, nowMs);
  return { kind: 'answer', answer: document(text) };
}

/** Invented but well-formed, and the same each time: a Pod's role has no instance profile. */
function iamInfo(roleArn: string, nowMs: number): string {
  const digest = createHash('sha256').update(roleArn).digest();
  const letters = [...digest.subarray(0, ID_LENGTH)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]);
  return imdsJson([
    ['Code', 'Success'],
    ['LastUpdated', imdsTime(nowMs)],
    ['InstanceProfileArn', roleArn.replace(':role/', ':instance-profile/')],
    ['InstanceProfileId', `AIPA${letters.join('')}`],
  ]);
}
