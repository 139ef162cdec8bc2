import { roleArnParts } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import type { HeldCredentials, HeldSession, KnownPod } from '../feed/known-pod.ts';
import { document, refusal } from './answer.ts';
import type { Answer } from './answer.ts';
import { errorDocument } from '../imds-documents/credentials-document.ts';
import { renderOnce } from './render-answer.ts';
import { podOf } from './situation.ts';
import type { Situation, Verdict } from './situation.ts';

type Allowed = Extract<KnownPod['decision'], { kind: 'allow' }>;

/** Failures that are the role's own: waiting mends none of them, so the SDK is told in the document. */
const ROLE_FAILURES: ReadonlySet<Reason> = new Set<Reason>(['StsAccessDenied', 'StsInvalidRequest']);

/** The rows of DESIGN 4.2 from "another role than its own" down: of a Pod whose role is permitted. */
export function answerCredentials(situation: Situation): Verdict | undefined {
  const { route, caller } = situation;
  const decision = podOf(caller)?.decision;
  if (decision?.kind !== 'allow') return undefined;
  if (route.kind === 'list') return listOf(decision);
  if (route.kind !== 'credentials') return undefined;
  if (!isOwnRole(route.role, decision)) {
    return { kind: 'answer', answer: refusal('RoleMismatch', { detail: `its own is ${decision.roleArn}` }) };
  }
  return fromSession(situation.session(decision.sessionId), decision, situation);
}

/** Verdicts that are given again and again, each made once of what it is about. */
function givenOften<About extends object>(
  answer: (about: About) => Parameters<typeof renderOnce>[0],
): (about: About) => Verdict {
  const verdicts = new WeakMap<About, Verdict>();
  return (about) => {
    const made = verdicts.get(about);
    if (made !== undefined) return made;
    const verdict: Verdict = { kind: 'answer', answer: renderOnce(answer(about)) };
    verdicts.set(about, verdict);
    return verdict;
  };
}

const listOf = givenOften(({ roleName }: Allowed) => document(roleName));
const documentOf = givenOften(({ document: body, accessKeyId }: HeldCredentials) => ({
  status: 200,
  code: '' as const,
  body,
  accessKeyId,
}));

function fromSession(session: HeldSession | undefined, decision: Allowed, situation: Situation): Verdict {
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

/** Every spelling of the Pod's own role: as the list has it, the ARN, and either form of the path in front of the name. */
function isOwnRole(asked: string, { roleName, roleArn }: Allowed): boolean {
  if (asked === roleName || asked === roleArn) return true;
  const { pathAndName } = roleArnParts(roleArn);
  const isUnderBase = roleName !== roleArn;
  return isUnderBase && [`/${roleName}`, pathAndName, `/${pathAndName}`].includes(asked);
}

/** As IMDS says it of an instance's role. The message that STS gave stays in the log: it names the server's own role. */
function roleRefused(reason: Reason, detail: string, { roleName }: Allowed, nowMs: number): Answer {
  const body = errorDocument({
    code: 'AssumeRoleUnauthorizedAccess',
    message: `The role ${roleName} cannot be assumed for this Pod: STS refuses it.`,
    nowMs,
  });
  return { status: 200, code: reason, body, detail };
}
