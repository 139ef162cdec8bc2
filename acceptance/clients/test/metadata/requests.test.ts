import { expect, it } from 'vitest';
import { watchRequests } from '../../metadata/requests.ts';
import type { SeenRequest } from '../../metadata/requests.ts';

const TOKEN = { method: 'PUT', path: '/latest/api/token', userAgent: 'boto3', token: false };
/** What the reader of packets has seen by the time it is asked. */
const LINES = [
  { pod: '198.18.6.61', atMs: 1, ...TOKEN },
  { pod: '198.18.6.62', atMs: 2, ...TOKEN },
  { pod: '198.18.6.61', atMs: 3, status: 200 },
  { pod: 'fd00:198:18:6::3d', atMs: 4, ...TOKEN },
  { caughtUp: 1 },
];
const SCRIPT = `echo ready; while read -r question; do\n${LINES.map((line) => `echo '${JSON.stringify(line)}'`).join('\n')}\ndone`;

/** Stands in for the reader, whose name and arguments the shell ignores. */
const reader = ['sh', '-c', SCRIPT];

it("A watch has the packets of a Pod's addresses, and its first request is announced at once", async () => {
  await using stack = new AsyncDisposableStack();
  const requests = await watchRequests(reader, stack);
  const announced: SeenRequest[] = [];
  const watched = requests.watch(['198.18.6.61', 'fd00:198:18:6::3d'], (first) => announced.push(first));
  const first = { kind: 'request', atMs: 1, ...TOKEN, family: 'ipv4' };
  expect(await watched.packets()).toEqual([
    first,
    { kind: 'answer', atMs: 3, status: 200 },
    { kind: 'request', atMs: 4, ...TOKEN, family: 'ipv6' },
  ]);
  expect(announced).toEqual([first]);
});

it('A watch that has ended records nothing more', async () => {
  await using stack = new AsyncDisposableStack();
  const requests = await watchRequests(reader, stack);
  const watched = requests.watch(['198.18.6.61']);
  watched.end();
  expect(await watched.packets()).toEqual([]);
});

it('A reader that does not start is a failure', async () => {
  await using stack = new AsyncDisposableStack();
  await expect(watchRequests(['false'], stack)).rejects.toThrow('did not start');
});
