import type { Called } from './call.ts';
import type { Expectation } from './flags.ts';

/** Whether an answer is as expected, in words for the operator. Of a body it quotes only role names and errors. */
export interface Judgement {
  readonly right: boolean;
  readonly says: string;
}

const LONGEST_SHOWN = 200;
const right = (says: string): Judgement => ({ right: true, says });
const wrong = (says: string): Judgement => ({ right: false, says });

/** Judges the list of roles. */
export function judgeList(called: Called, expected: Expectation): Judgement {
  const body = bodyOf200(called);
  if (expected.kind === 'none') {
    return body === undefined
      ? judgeRefusal(called, 'no role')
      : wrong(`200 with role ${shown(body)}, but expected no role`);
  }
  if (body === undefined) {
    return isRefused(called)
      ? wrong(`${called.status} from the agent: no role, but expected ${expected.role}`)
      : wrong(unusable(called));
  }
  return isNamed(body, expected.role)
    ? right(`200 with only the role ${shown(body)}`)
    : wrong(`200 with ${shown(body)}, but expected the role ${expected.role}`);
}

/** Judges the node's user data, which no Pod may read. */
export function judgeUserData(called: Called): Judgement {
  return bodyOf200(called) === undefined
    ? judgeRefusal(called, "nothing of the node's")
    : wrong("200: the node's user data comes through");
}

/** Judges the credentials document, for a role that the Namespace permits or does not. */
export function judgeDocument(called: Called, wanted: 'role' | 'credentials'): Judgement {
  const body = bodyOf200(called);
  if (body !== undefined) return judgeCredentials(body, wanted);
  if (wanted === 'role') return judgeRefusal(called, 'no credentials');
  return isRefused(called)
    ? wrong(`${called.status} from the agent: no credentials; the Namespace does not permit the role`)
    : wrong(unusable(called));
}

function judgeCredentials(body: string, wanted: 'role' | 'credentials'): Judgement {
  const { Code, Message, AccessKeyId, SecretAccessKey, Token, Expiration } = parsed(body);
  if (Code !== 'Success') {
    return wrong(`200 without credentials: ${shown(Code)}, ${shown(Message)}`);
  }
  if (wanted === 'role') return wrong('200 with credentials, but expected a refusal: the role is permitted');
  return [AccessKeyId, SecretAccessKey, Token, Expiration].every((part) => typeof part === 'string')
    ? right(`200 with credentials that expire ${shown(Expiration)}`)
    : wrong('200, but the document is incomplete');
}

function bodyOf200(called: Called): string | undefined {
  return called.kind === 'answer' && called.status === 200 ? called.body : undefined;
}

function isRefused(called: Called): called is Called & { readonly status: number } {
  return called.kind === 'answer' && called.refusal && (called.status === 403 || called.status === 404);
}

/** Accepts only the agent's own refusal: the node's metadata API can answer 404 too. */
function judgeRefusal(called: Called, what: string): Judgement {
  return isRefused(called) ? right(`${called.status} from the agent: ${what}`) : wrong(unusable(called));
}

function unusable(called: Called): string {
  if (called.kind === 'silence')
    return `${called.how}: the node's metadata API is blocked, and no agent answers`;
  if (called.status === 503)
    return '503 until the retries ended: the agent does not know this Pod or waits for a server';
  if (called.refusal) return `${called.status} from the agent, which is not the expected answer`;
  return `${called.status}, but not from the agent: something else answers`;
}

/** The list shows path/name for a role under the base ARN, otherwise the ARN; an annotation can use either form. */
function isNamed(listed: string, role: string): boolean {
  return listed === role || listed === role.replace(/^\//, '') || role.endsWith(`:role/${listed}`);
}

function parsed(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}
