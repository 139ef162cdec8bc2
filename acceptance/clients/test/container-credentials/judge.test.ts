import { expect, it } from 'vitest';
import {
  NODE_ACCOUNT,
  refusedProblems,
  servedProblems,
  tellsToken,
} from '../../container-credentials/judge.ts';
import type { FailureName } from '../../container-credentials/situations.ts';
import type { Trial } from '../../container-credentials/trial.ts';
import { client, refusedOutcome, servedOutcome, trialOf } from '../trials.ts';

const HOST_ACCOUNT = '222222222222';

it("A client that gets its Pod's credentials each time it asks has no problem", () => {
  expect(servedProblems(trialOf(), 1)).toEqual([]);
  const twice = [servedOutcome(), servedOutcome({ accessKeyId: 'ASIA2' })];
  expect(servedProblems(trialOf({ seen: twice }), 2)).toEqual([]);
});

it.each([
  ['fails', [refusedOutcome()], 'failed after 1000 ms: refused'],
  [
    "gets the node's credentials",
    [servedOutcome({ account: NODE_ACCOUNT })],
    `got credentials of account ${NODE_ACCOUNT}, not 111111111111`,
  ],
  ['reports nothing', [], 'reported 0 outcomes, not 1'],
])('A client that %s although its Pod is served is a problem', (_, seen, problem) => {
  expect(servedProblems(trialOf({ seen }), 1)).toEqual([problem]);
});

it("A client that does not know the variables gets the node's credentials in a host-network Pod, and only there", () => {
  const trial = trialOf({ client: { ...client, readsVariables: false }, kind: 'host-network' });
  expect(servedProblems({ ...trial, seen: [servedOutcome({ account: NODE_ACCOUNT })] }, 1)).toEqual([]);
  expect(servedProblems({ ...trial, seen: [servedOutcome({ account: HOST_ACCOUNT })] }, 1)).toHaveLength(1);
  const ordinary = { ...trial, kind: 'ordinary', seen: [servedOutcome({ account: NODE_ACCOUNT })] } as const;
  expect(servedProblems(ordinary, 1)).toHaveLength(1);
});

/** A client whose Pod the endpoint answers with the status. */
function refusedTrial(status: FailureName, differences: Partial<Trial> = {}): Trial {
  const answers = { containerCredentials: 1, statuses: [status], metadata: 0 };
  return trialOf({ situation: status, answers, ...differences });
}

it('A client that gets credentials although its Pod is refused is a problem', () => {
  expect(refusedProblems(refusedTrial('403', { seen: [refusedOutcome()] }), '403')).toEqual([]);
  expect(refusedProblems(refusedTrial('403'), '403')).toEqual(['got credentials of account 111111111111']);
  expect(refusedProblems(refusedTrial('403', { seen: [] }), '403')).toEqual(['reported no outcome']);
});

it('A refusal with another status than the one that is tried is a problem', () => {
  const trial = refusedTrial('403', { seen: [refusedOutcome()] });
  expect(refusedProblems(trial, '503')).toEqual(['was answered with 403']);
});

it('A client that asks the metadata API after a bad token gets what that gives the Pod', () => {
  const differences = { client: { ...client, fallsBack: true } } as const;
  expect(refusedProblems(refusedTrial('401', differences), '401')).toEqual([]);
  expect(refusedProblems(refusedTrial('403', differences), '403')).toHaveLength(1);
  const onHost = refusedTrial('401', { ...differences, kind: 'host-network' });
  expect(refusedProblems(onHost, '401')).toHaveLength(1);
  const withNodes = { ...onHost, seen: [servedOutcome({ account: NODE_ACCOUNT })] };
  expect(refusedProblems(withNodes, '401')).toEqual([]);
});

it('An error with a part of the token is found, wherever the part begins', () => {
  const token = Array.from({ length: 40 }, (_, at) => `part${at}.`).join('');
  expect(tellsToken('HTTP 401: bad token', token)).toBe(false);
  expect(tellsToken(`cannot use ${token}`, token)).toBe(true);
  for (let at = 0; at + 32 <= token.length; at += 1)
    expect(tellsToken(`cannot use …${token.slice(at, at + 32)}…`, token)).toBe(true);
});
