import { expect, it } from 'vitest';
import type { Client } from '../../client.ts';
import { metadataPhasesOf } from '../../metadata/steps.ts';
import { client } from '../trials.ts';

const titlesOf = (differences: Partial<Client> = {}) =>
  metadataPhasesOf([{ ...client, ...differences }]).flatMap(({ steps }) => steps.map(({ title }) => title));

/** The parts of titles that tell one situation from the others. */
const tried = (titles: readonly string[]) =>
  [
    '300 ms',
    '950 ms',
    '3 s',
    'region',
    '100 workers',
    'IPv6',
    'IMDSv2',
    'restart',
    '401',
    '403',
    '404',
    '503',
  ].filter((part) => titles.some((title) => title.includes(part)));

it('Every client is tried when its Pod is known and late, when it is refused, and across a restart', () => {
  expect(tried(titlesOf())).toEqual([
    '300 ms',
    '950 ms',
    '3 s',
    'IMDSv2',
    'restart',
    '401',
    '403',
    '404',
    '503',
  ]);
});

it.each<[string, Partial<Client>]>([
  ['region', { asksRegion: true }],
  ['100 workers', { crowd: true }],
  ['IPv6', { ipv6: {} }],
])('Only a client that can is tried in the situation %s', (part, differences) => {
  expect(tried(titlesOf(differences))).toContain(part);
});

it.each<[string, Partial<Client>]>([
  ['asks again', { asksAgain: true }],
  ['is held for longer anyway', { patient: true }],
  ['waits for less than a second', { hurried: true }],
])('With a longer hold, no client is tried that %s', (_, differences) => {
  expect(tried(titlesOf(differences))).not.toContain('950 ms');
});

it('A client that never has a token is not tried with a bad one', () => {
  expect(tried(titlesOf({ imdsv1: true }))).not.toContain('401');
});

it('A client that reads metadata only is not said to get credentials', () => {
  const titles = titlesOf({ metadataOnly: true });
  expect(tried(titles)).toEqual(['300 ms', '950 ms', '3 s', 'IMDSv2', '401']);
  expect(titles.filter((title) => title.includes('credentials'))).toEqual([]);
  expect(titles[0]).toBe('boto3 gets metadata');
});

it('A client that misreads the document has nothing to renew', () => {
  expect(tried(titlesOf({ misreads: 'it looks for another name' }))).not.toContain('restart');
});

it('A client that needs long sessions is not tried across a restart', () => {
  expect(tried(titlesOf({ needsLongSessions: 'it renews every five minutes' }))).not.toContain('restart');
});

it('Clients run in batches while the agent is restarted', () => {
  const many = Array.from({ length: 7 }, (_, at) => ({ ...client, name: `client ${at}` }));
  const batches = metadataPhasesOf(many).filter(({ steps }) =>
    steps.some(({ title }) => title.includes('restart')),
  );
  expect(batches.map(({ steps }) => steps.length)).toEqual([6, 1]);
});
