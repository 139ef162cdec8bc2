import type { Caller } from '../addresses/caller.ts';
import type { Answer } from '../metadata/answer/answer.ts';
import { answerFor } from '../metadata/rows/rows.ts';
import type { OpenRoute } from '../metadata/request/routes.ts';
import { podOf } from '../metadata/rows/situation.ts';
import type { Situation, Action } from '../metadata/rows/situation.ts';

/** What an answer depends on beside who asks and for what. */
export type Surroundings = Omit<Situation, 'route' | 'token' | 'caller'>;

/** What a caller would be answered at this moment, to each of what an SDK asks. */
export interface AnswersNow {
  readonly token: string;
  readonly list: string;
  readonly credentials: string;
}

const TOKEN: OpenRoute = { kind: 'token', dated: false };
const LIST: OpenRoute = { kind: 'list' };

/** What is done about asking, with a good token, for the credentials of the caller's own role. */
export function credentialsAction(caller: Caller, around: Surroundings): Action {
  return answerFor({ ...around, caller, token: 'ok', route: { kind: 'credentials', role: roleOf(caller) } });
}

/** By the very table that answers Pods (DESIGN.md 4.2). Nothing of a document is in it. */
export function answersNow(caller: Caller, around: Surroundings): AnswersNow {
  const asked = { ...around, caller, token: 'ok' } as const;
  return {
    token: described(answerFor({ ...asked, route: TOKEN }), 'a token'),
    list: described(answerFor({ ...asked, route: LIST }), roleOf(caller)),
    credentials: described(credentialsAction(caller, around), 'the credentials, from memory'),
  };
}

function described(action: Action, good: string): string {
  switch (action.kind) {
    case 'answer':
      return answered(action.answer, good);
    case 'hold':
      return `held, then ${answered(action.inVain, good)}`;
    case 'mint':
    case 'read':
      return `200, ${good}`;
  }
}

function answered({ status, code }: Answer, good: string): string {
  if (code === '') return `${status}, ${good}`;
  return status === 200 ? `200, a document that says that STS refuses (${code})` : `${status} ${code}`;
}

function roleOf(caller: Caller): string {
  const decision = podOf(caller)?.decision;
  return decision === undefined || decision.kind === 'pending' ? '' : (decision.roleName ?? '');
}
