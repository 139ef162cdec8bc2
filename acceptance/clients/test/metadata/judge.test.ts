import { expect, it } from 'vitest';
import { isTooLate, metadataProblems } from '../../metadata/judge.ts';
import type { MetadataTrial } from '../../metadata/trial.ts';
import { DID_NOT_END } from '../../run-client.ts';
import { client, refusedOutcome, servedOutcome } from '../trials.ts';
import { answer, metadataTrialOf, packetsOf, request } from './trials.ts';

const problemsOf = (differences: Partial<MetadataTrial>) => metadataProblems(metadataTrialOf(differences));

it('A client that gets the credentials of its Pod has no problem', () => {
  expect(problemsOf({})).toEqual([]);
});

it.each<[string, Partial<MetadataTrial>, string]>([
  ['fails', { seen: [refusedOutcome()] }, 'failed after 1000 ms: refused'],
  [
    "gets the node's credentials",
    { seen: [servedOutcome({ account: '123456789012' })] },
    'got credentials of account 123456789012, not 111111111111',
  ],
  ['has no access key', { seen: [servedOutcome({ accessKeyId: '' })] }, 'reported no access key'],
  ['reports nothing', { seen: [] }, 'reported 0 outcomes, not 1'],
  ['reports twice', { seen: [servedOutcome(), servedOutcome()] }, 'reported 2 outcomes, not 1'],
  ['has credentials from elsewhere', { packets: [] }, 'did not ask the metadata API'],
  ['was refused before it was served', { packets: [answer(503), ...packetsOf()] }, 'was answered with 503'],
])('A client whose Pod is known and that %s is a problem', (_, differences, problem) => {
  expect(problemsOf(differences)).toEqual([problem]);
});

it('The Pod must have become known after the first request, by what the situation says', () => {
  const situation = 'late300';
  expect(problemsOf({ situation, knownMs: 1_300 })).toEqual([]);
  expect(problemsOf({ situation, knownMs: 1_299 })).toEqual([
    'its Pod became known after 299 ms, not 300 ms',
  ]);
  expect(problemsOf({ situation, knownMs: undefined })).toEqual(['ended before its Pod became known']);
  expect(problemsOf({ situation, knownMs: 1_300, seen: [refusedOutcome()] })).toHaveLength(1);
});

it('A trial tells nothing if the Pod became known much later than the situation says', () => {
  const late = (knownMs: number | undefined) => metadataTrialOf({ situation: 'late300', knownMs });
  expect(isTooLate(late(1_325))).toBe(false);
  expect(isTooLate(late(1_326))).toBe(true);
  expect(isTooLate(late(undefined))).toBe(false);
  expect(isTooLate(metadataTrialOf({ knownMs: 9_000 }))).toBe(false);
});

it('A client that asks again must get credentials 900 ms late, and of the others it is recorded', () => {
  const late = { situation: 'late900', knownMs: 1_900, seen: [refusedOutcome()] } as const;
  expect(problemsOf(late)).toEqual([]);
  expect(problemsOf({ ...late, client: { ...client, asksAgain: true } })).toHaveLength(1);
  expect(problemsOf({ ...late, situation: 'heldLonger' })).toHaveLength(1);
});

it.each(['late900', 'late3000'] as const)(
  'A patient client must get credentials in the situation %s, without a refusal',
  (situation) => {
    const late = {
      situation,
      client: { ...client, patient: true },
      knownMs: 1_000 + Number(situation.slice(4)),
    } as const;
    expect(problemsOf(late)).toEqual([]);
    expect(problemsOf({ ...late, seen: [refusedOutcome()] })).toHaveLength(1);
    expect(problemsOf({ ...late, packets: packetsOf(503) })).toEqual(['was answered with 503']);
  },
);

it.each(['late900', 'late3000'] as const)(
  'A client in the situation %s may fail, but not with foreign credentials or without an end',
  (situation) => {
    const late = { situation, knownMs: undefined };
    expect(problemsOf({ ...late, seen: [refusedOutcome()] })).toEqual([]);
    expect(problemsOf({ ...late, seen: [servedOutcome({ account: '1' })] })).toHaveLength(1);
    const killed = refusedOutcome({ error: DID_NOT_END });
    expect(problemsOf({ ...late, seen: [killed] })).toEqual(['did not end by itself']);
  },
);

it.each(['401', '403', '404', '503'] as const)(
  'A client that is refused with %s gets nothing and stops asking',
  (situation) => {
    const refused = { situation, seen: [refusedOutcome()], packets: packetsOf(Number(situation)) };
    expect(problemsOf(refused)).toEqual([]);
    expect(problemsOf({ ...refused, seen: [servedOutcome()] })).toEqual([
      'got credentials of account 111111111111',
    ]);
    expect(problemsOf({ ...refused, packets: packetsOf() })).toEqual([`was not answered with ${situation}`]);
    const loop = Array.from({ length: 51 }, () => [request(), answer(Number(situation))]).flat();
    expect(problemsOf({ ...refused, packets: loop })).toEqual(['sent 51 requests']);
  },
);

it('A refusal with another status than the one that is tried is a problem', () => {
  const packets = [...packetsOf(403), answer(503)];
  expect(problemsOf({ situation: '403', seen: [refusedOutcome()], packets })).toEqual([
    'was answered with 503',
  ]);
});

it('A client that finds nothing under another path is not refused', () => {
  expect(problemsOf({ packets: [request({ path: '/latest/' }), answer(404), ...packetsOf()] })).toEqual([]);
});

it('A hurried client may leave before it is answered with 503, and other clients may not', () => {
  const left = { situation: '503', seen: [refusedOutcome()], packets: packetsOf() } as const;
  expect(problemsOf({ ...left, client: { ...client, hurried: true } })).toEqual([]);
  expect(problemsOf(left)).toEqual(['was not answered with 503']);
});

it('What announces an answer is not one', () => {
  const packets = [answer(100), ...packetsOf(403)];
  expect(problemsOf({ situation: '403', seen: [refusedOutcome()], packets })).toEqual([]);
});

it('A hundred workers must all get credentials', () => {
  const all = Array.from({ length: 100 }, () => servedOutcome());
  const packets = all.flatMap(() => packetsOf());
  const crowd = { situation: 'crowd', seen: all, packets } as const;
  expect(problemsOf(crowd)).toEqual([]);
  expect(problemsOf({ ...crowd, seen: all.slice(1) })).toEqual(['reported 99 outcomes, not 100']);
  expect(problemsOf({ ...crowd, seen: [...all.slice(1), refusedOutcome()] })).toHaveLength(1);
  expect(problemsOf({ ...crowd, packets: packetsOf() })).toEqual(['asked for credentials only 1 times']);
});

it('By the IPv6 address, no request may go to the IPv4 address', () => {
  const packets = [request({ family: 'ipv6' }), answer(200)];
  expect(problemsOf({ situation: 'ipv6', packets })).toEqual([]);
  expect(problemsOf({ situation: 'ipv6', packets: [...packets, request()] })).toEqual([
    'asked the IPv4 address',
  ]);
});

it('A client must get the region of the node', () => {
  const region = (name: string) => [servedOutcome({ accessKeyId: '', account: '', region: name })];
  expect(problemsOf({ situation: 'region', seen: region('eu-central-1') })).toEqual([]);
  expect(problemsOf({ situation: 'region', seen: region('us-east-1') })).toEqual([
    'got region "us-east-1", not eu-central-1',
  ]);
  expect(problemsOf({ situation: 'region', seen: [refusedOutcome()] })).toHaveLength(1);
});

it('Where IMDSv2 is required, only a client that never asks for a token is refused', () => {
  const tokenless = { ...client, imdsv1: true } as const;
  const refused = {
    situation: 'imdsv2',
    seen: [refusedOutcome()],
    packets: [request({ token: false }), answer(401)],
  } as const;
  expect(problemsOf({ ...refused, client: tokenless })).toEqual([]);
  expect(problemsOf(refused)).toEqual(['failed after 1000 ms: refused', 'was answered with 401']);
  expect(problemsOf({ ...refused, client: tokenless, packets: packetsOf(401) })).toEqual(['showed a token']);
  expect(problemsOf({ situation: 'imdsv2' })).toEqual([]);
});

it('A client that reads metadata only has no credentials to show', () => {
  const reader = { ...client, metadataOnly: true } as const;
  expect(problemsOf({ client: reader, seen: [servedOutcome({ accessKeyId: '', account: '' })] })).toEqual([]);
});

it('A client that misreads the document must get it and nothing else, and no longer counts when it works', () => {
  const misreading = { ...client, misreads: 'it looks for another name' };
  expect(problemsOf({ client: misreading, seen: [refusedOutcome()] })).toEqual([]);
  expect(problemsOf({ client: misreading })).toEqual(['has credentials although its release misreads them']);
  const late = { client: misreading, situation: 'ipv6', seen: [refusedOutcome()] } as const;
  expect(problemsOf({ ...late, packets: [request({ family: 'ipv6' }), answer(503)] })).toEqual([
    'was answered with 503',
  ]);
  expect(
    problemsOf({ client: misreading, seen: [refusedOutcome()], packets: [request({ path: '/' })] }),
  ).toEqual(['did not ask for credentials', 'was answered with ']);
});

it('Across a restart of the agent, a client asks before and after it and has another key then', () => {
  const restart = { beganMs: 2_000, endedMs: 3_000 };
  const renewed = {
    situation: 'restart',
    restart,
    seen: [servedOutcome(), servedOutcome({ accessKeyId: 'ASIA2' })],
    packets: [request(), answer(200), request({ atMs: 4_000 }), answer(200, 4_010)],
  } as const;
  expect(problemsOf(renewed)).toEqual([]);
  expect(problemsOf({ ...renewed, restart: undefined })).toEqual(['the agent was not restarted']);
  expect(problemsOf({ ...renewed, seen: [servedOutcome(), servedOutcome()] })).toEqual([
    'used the same key again',
  ]);
  expect(problemsOf({ ...renewed, packets: [request(), answer(200)] })).toEqual([
    'did not ask after the restart',
  ]);
  expect(problemsOf({ ...renewed, packets: [request({ atMs: 4_000 }), answer(200, 4_010)] })).toEqual([
    'did not ask before the restart',
  ]);
  expect(problemsOf({ ...renewed, packets: [...renewed.packets, request({ atMs: 2_500 })] })).toEqual([
    'asked during the restart',
  ]);
});
