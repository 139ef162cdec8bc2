import type { Called } from './call.ts';
import type { Expectation } from './flags.ts';

/** Whether what came is right, in words for whoever runs it. Nothing of a body but the role's name and an error's is in them. */
export interface Judgement {
  readonly right: boolean;
  readonly says: string;
}

const LONGEST_SHOWN = 200;
const right = (says: string): Judgement => ({ right: true, says });
const wrong = (says: string): Judgement => ({ right: false, says });

/** Of the list of roles. */
export function judgeList(called: Called, expected: Expectation): Judgement {
  const body = bodyOf200(called);
  if (expected.kind === 'none') {
    return body === undefined
      ? judgeRefusal(called, 'no role')
      : wrong(`200, the role ${shown(body)}, where none was expected`);
  }
  if (body === undefined) {
    return isRefused(called)
      ? wrong(`${called.status} of the agent: no role, where ${expected.role} was expected`)
      : wrong(unusable(called));
  }
  return isNamed(body, expected.role)
    ? right(`200, the role ${shown(body)} and no other`)
    : wrong(`200, ${shown(body)}, where the role ${expected.role} was expected`);
}

/** Of the node's user data, which is no Pod's. */
export function judgeUserData(called: Called): Judgement {
  return bodyOf200(called) === undefined
    ? judgeRefusal(called, "nothing of the node's")
    : wrong("200: the node's user data comes through");
}

/** Of the document of credentials, for a role that the Namespace permits or does not. */
export function judgeDocument(called: Called, wanted: 'role' | 'credentials'): Judgement {
  const body = bodyOf200(called);
  if (body !== undefined) return judgeCredentials(body, wanted);
  if (wanted === 'role') return judgeRefusal(called, 'no credentials');
  return isRefused(called)
    ? wrong(`${called.status} of the agent: no credentials; the Namespace does not permit the role`)
    : wrong(unusable(called));
}

function judgeCredentials(body: string, wanted: 'role' | 'credentials'): Judgement {
  const { Code, Message, AccessKeyId, SecretAccessKey, Token, Expiration } = parsed(body);
  if (Code !== 'Success') {
    return wrong(`200, no credentials: ${shown(Code)}, ${shown(Message)}`);
  }
  if (wanted === 'role')
    return wrong('200, credentials, where a refusal was expected: the role is permitted');
  return [AccessKeyId, SecretAccessKey, Token, Expiration].every((part) => typeof part === 'string')
    ? right(`200, credentials until ${shown(Expiration)}`)
    : wrong('200, but the document is not whole');
}

function bodyOf200(called: Called): string | undefined {
  return called.kind === 'answer' && called.status === 200 ? called.body : undefined;
}

function isRefused(called: Called): called is Called & { readonly status: number } {
  return called.kind === 'answer' && called.refusal && (called.status === 403 || called.status === 404);
}

/** Only the agent's own refusal is right: the node's metadata API may say 404 too. */
function judgeRefusal(called: Called, what: string): Judgement {
  return isRefused(called) ? right(`${called.status} of the agent: ${what}`) : wrong(unusable(called));
}

function unusable(called: Called): string {
  if (called.kind === 'silence')
    return `${called.how}: nothing of the node's comes through, and no agent answers`;
  if (called.status === 503)
    return '503 for all this time: the agent does not know this Pod, or waits for a server';
  if (called.refusal) return `${called.status} of the agent, which is none of the expected answers`;
  return `${called.status}, and not of the agent: somebody else answers`;
}

/** The list gives path/name where the role stands under the base ARN, else the ARN; an annotation may name it either way. */
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
