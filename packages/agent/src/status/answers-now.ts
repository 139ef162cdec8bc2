import { podOf } from '../addresses/caller.ts';
import type { Caller } from '../addresses/caller.ts';
import type { Answer } from '../pod-http/answer/answer.ts';
import { answerFor } from '../metadata/rows/rows.ts';
import type { OpenRoute } from '../metadata/request/routes.ts';
import type { Situation, Action } from '../metadata/rows/situation.ts';

/** What an answer depends on apart from caller and route. */
export type Surroundings = Omit<Situation, 'route' | 'token' | 'caller'>;

/** What a caller would be answered now to each request that an SDK makes. */
export interface AnswersNow {
  readonly token: string;
  readonly list: string;
  readonly credentials: string;
}

const TOKEN: OpenRoute = { kind: 'token', dated: false };
const LIST: OpenRoute = { kind: 'list' };

/** The action for a request with a valid token for the credentials of the caller's own role. */
export function credentialsAction(caller: Caller, around: Surroundings): Action {
  return answerFor({ ...around, caller, token: 'ok', route: { kind: 'credentials', role: roleOf(caller) } });
}

/** Uses the table that answers Pods (DESIGN.md 4.2). Contains nothing of a document. */
export function answersNow(caller: Caller, around: Surroundings): AnswersNow {
  const asked = { ...around, caller, token: 'ok' } as const;
  return {
    token: described(answerFor({ ...asked, route: TOKEN }), 'a token'),
    list: described(answerFor({ ...asked, route: LIST }), roleOf(caller)),
    credentials: described(credentialsAction(caller, around), 'the credentials, from memory'),
  };
}

/** An action in words. `good`: what is given. */
export function described(action: Action, good: string): string {
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
  return status === 200
    ? `200, a document that says that STS refused the role (${code})`
    : `${status} ${code}`;
}

function roleOf(caller: Caller): string {
  const decision = podOf(caller)?.decision;
  return decision === undefined || decision.kind === 'pending' ? '' : (decision.roleName ?? '');
}
