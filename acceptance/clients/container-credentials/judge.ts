import type { Client } from '../client.ts';
import { ACCOUNTS } from './pods.ts';
import type { Trial } from './trial.ts';

/** The account of the node's role: the stand-in for STS takes keys that it has not issued for those of the server. */
export const NODE_ACCOUNT = '123456789012';

/** Whose credentials a client must get where the endpoint serves its Pod. */
function expectedAccount({ client, kind }: Trial): string {
  return kind === 'host-network' && client.readsVariables === false ? NODE_ACCOUNT : ACCOUNTS[kind];
}

/** Problems of a trial in which the Pod is served, once for each time that the client asks. */
export function servedProblems(trial: Trial, times: number): string[] {
  const { seen } = trial;
  const account = expectedAccount(trial);
  const problems = seen.flatMap((one) => {
    if (!one.ok) return [`failed after ${one.tookMs} ms: ${one.error}`];
    return one.account === account ? [] : [`got credentials of account ${one.account}, not ${account}`];
  });
  if (seen.length !== times) problems.push(`reported ${seen.length} outcomes, not ${times}`);
  return problems;
}

/** A Pod that is refused gets nothing, unless the client goes on to the metadata API, which decides by the address. */
export function refusedProblems(trial: Trial, status: string): string[] {
  const { client, kind, situation, seen, answers } = trial;
  if (seen.length === 0) return ['reported no outcome'];
  const others = answers?.statuses.filter((one) => one !== status) ?? [];
  const problems = others.map((other) => `was answered with ${other}`);
  for (const { ok, account } of seen)
    if (ok && account !== servedElsewhere({ client, kind, situation }))
      problems.push(`got credentials of account ${account}`);
  return problems;
}

/** The account whose credentials the metadata API gives the client. Undefined if it does not ask it or is refused there too. */
function servedElsewhere({ client, kind, situation }: Pick<Trial, 'client' | 'kind' | 'situation'>) {
  if (!asksMetadata(client)) return undefined;
  if (kind === 'host-network') return NODE_ACCOUNT;
  return situation === '401' ? ACCOUNTS.ordinary : undefined;
}

function asksMetadata({ readsVariables, fallsBack }: Client): boolean {
  return readsVariables === false || fallsBack === true;
}

/** Consecutive characters of a token that no application may be shown. */
const TELLING = 16;

/** Whether a text contains a part of the token. */
export function tellsToken(text: string, token: string): boolean {
  for (let at = 0; at + TELLING <= token.length; at += TELLING)
    if (text.includes(token.slice(at, at + TELLING))) return true;
  return false;
}
