import { expect, it } from 'vitest';
import { problemOf } from '../judge/pod-answer.ts';
import type { Entitlement, PodAnswer } from '../judge/pod-answer.ts';
import type { Trouble } from '../faults/trouble.ts';

const CALM: Trouble = { lastMs: -Infinity, mayFail: undefined };
const permitted: Entitlement = { role: 'a', permitted: true, everPermitted: true, sinceMs: 0, served: false };
const served: Entitlement = { ...permitted, served: true };
const revoked: Entitlement = { ...permitted, permitted: false };
const never: Entitlement = { ...revoked, everPermitted: false };
const good: PodAnswer = { status: 200, body: '', role: 'a', startMs: 1_000 };
const held: PodAnswer = { ...good, status: 503 };
const refused: PodAnswer = { ...good, status: 403 };

it.each<{ title: string; answer: PodAnswer; pod: Entitlement; trouble?: Trouble }>([
  { title: 'credentials for a permitted Pod', answer: good, pod: permitted },
  { title: '503 for a new Pod', answer: held, pod: permitted },
  {
    title: '503 for a new Pod long after its start, but soon after a fault',
    answer: { ...held, startMs: 60_000 },
    pod: permitted,
    trouble: { lastMs: 50_000, mayFail: undefined },
  },
  { title: '403 for a Pod whose permit was never given', answer: refused, pod: never },
  { title: 'credentials just after a permit was revoked', answer: good, pod: revoked },
  {
    title: 'a failure that the current fault allows',
    answer: held,
    pod: served,
    trouble: { lastMs: 2_000, mayFail: /^503$/ },
  },
])('$title is no problem', ({ answer, pod, trouble = CALM }) => {
  expect(problemOf(answer, pod, trouble)).toBeUndefined();
});

it.each<{ problem: string; answer: PodAnswer; pod: Entitlement; trouble?: Trouble }>([
  { problem: 'was given the role b', answer: { ...good, role: 'b' }, pod: permitted },
  { problem: 'got credentials, and its role was never permitted', answer: good, pod: never },
  {
    problem: 'got credentials 16 s after its permit was revoked',
    answer: { ...good, startMs: 16_000 },
    pod: revoked,
  },
  { problem: 'got 503 16 s after it was permitted', answer: { ...held, startMs: 16_000 }, pod: permitted },
  { problem: 'had been served, and then got 503', answer: held, pod: served },
  {
    problem: 'had been served, and then got 403',
    answer: refused,
    pod: served,
    trouble: { lastMs: 2_000, mayFail: /^503$/ },
  },
  {
    problem: 'had been served, and then got 503',
    answer: held,
    pod: served,
    trouble: { lastMs: 500, mayFail: /^503$/ },
  },
])('It is a problem that a Pod $problem', ({ problem, answer, pod, trouble = CALM }) => {
  expect(problemOf(answer, pod, trouble)).toBe(problem);
});

it('A call without an answer is known by its error', () => {
  const reset: PodAnswer = { ...good, status: 0, body: 'ECONNRESET' };
  expect(problemOf(reset, served, CALM)).toBe('had been served, and then got ECONNRESET');
  expect(problemOf(reset, served, { lastMs: 2_000, mayFail: /^ECONNRESET$/ })).toBeUndefined();
});
