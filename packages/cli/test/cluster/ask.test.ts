import { expect, it } from 'vitest';
import { ask } from '../../src/cluster/ask.ts';
import type { RolegatePod } from '../../src/cluster/rolegate-pods.ts';

const AGENT: RolegatePod = {
  uid: 'u',
  namespace: 'rolegate',
  name: 'agent-a',
  component: 'agent',
  node: 'a',
  containers: ['agent'],
  phase: 'Running',
  ready: true,
};

it('A missing right to run programs is named with both verbs that the API server may ask for', async () => {
  const answer = await ask(
    AGENT,
    { words: ['status'], read: (stdout) => ({ value: stdout }) },
    { exec: () => Promise.resolve({ kind: 'forbidden' }), signal: new AbortController().signal },
  );
  expect(answer).toEqual({ fault: 'missing right: get and create pods/exec in Namespace rolegate' });
});
