import { describe, expect, it } from 'vitest';
import { eventually, setupApi } from './client.ts';

const AT_MS = Date.UTC(2026, 10, 30, 7);
const place = { namespace: 'team-a', pod: 'app', container: 'main' };

async function setup() {
  const base = await setupApi({ pods: [{ metadata: { name: 'app', namespace: 'team-a' } }] });
  for (const [at, text] of ['one', 'two', 'three'].entries())
    base.api.writeLog(place, text, AT_MS + 1_000 * at + 1);
  const read = async (query: string) => {
    const response = await fetch(`${base.api.url}/api/v1/namespaces/team-a/pods/app/log?${query}`);
    return { status: response.status, text: await response.text() };
  };
  /** Reads a log that goes on. */
  const follow = async (query = '') => {
    const response = await fetch(
      `${base.api.url}/api/v1/namespaces/team-a/pods/app/log?follow=true&${query}`,
    );
    const got = { text: '', ended: false };
    void (async () => {
      for await (const chunk of response.body ?? []) got.text += Buffer.from(chunk).toString();
      got.ended = true;
    })();
    return got;
  };
  return { ...base, read, follow };
}

describe('Logs of Pods', () => {
  it.each([
    { query: '', text: 'one\ntwo\nthree\n' },
    { query: 'container=main&tailLines=2', text: 'two\nthree\n' },
    { query: 'tailLines=0', text: '' },
    { query: 'sinceTime=2026-11-30T07:00:01.9Z', text: 'two\nthree\n' },
    { query: 'sinceSeconds=10', text: '' },
    { query: 'limitBytes=6', text: 'one\ntw' },
    {
      query: 'timestamps=true&tailLines=1',
      text: '2026-11-30T07:00:02.001000000Z three\n',
    },
  ])('A log read with the query "$query" has these lines', async ({ query, text }) => {
    await using api = await setup();
    expect(await api.read(query)).toEqual({ status: 200, text });
  });

  it.each([
    { query: 'container=other', status: 400, says: 'container other is not valid for pod app' },
    { query: 'tailLines=-1', status: 422, says: 'must be greater than or equal to 0' },
    { query: 'sinceSeconds=1&sinceTime=2026-11-30T07:00:01Z', status: 422, says: 'at most one of' },
  ])('A log cannot be read with the query $query', async ({ query, status, says }) => {
    await using api = await setup();
    const answer = await api.read(query);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(says);
  });

  it('A follower gets new lines until the Pod is deleted', async () => {
    await using api = await setup();
    const log = await api.follow('tailLines=1');
    await eventually(() => log.text === 'three\n');
    api.api.writeLog(place, 'four');
    await eventually(() => log.text === 'three\nfour\n');
    api.api.delete('Pod', 'team-a', 'app');
    await eventually(() => log.ended);
  });

  it('A follower with a limit of bytes gets no more', async () => {
    await using api = await setup();
    const log = await api.follow('tailLines=0&limitBytes=5');
    api.api.writeLog(place, 'four and more');
    await eventually(() => log.ended);
    expect(log.text).toBe('four ');
  });

  it('A log keeps at most 10 MiB, the newest', async () => {
    await using api = await setup();
    const line = 'x'.repeat(1024 * 1024);
    for (let written = 0; written < 11; written++) api.api.writeLog(place, line);
    const { text } = await api.read('');
    expect(text.length).toBe(10 * (line.length + 1));
  });

  it('A log is refused without the right to it', async () => {
    await using api = await setup();
    api.api.forbidden.add('get pods/log in team-a');
    expect(await api.read('')).toMatchObject({
      status: 403,
      text: expect.stringContaining('cannot get resource \\"pods/log\\"') as string,
    });
  });
});
