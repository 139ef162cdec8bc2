import { describe, expect, it } from 'vitest';
import { judge } from '../../src/self-test/judge.ts';
import type { Evidence } from '../../src/self-test/judge.ts';

const REFUSED = { kind: 'refused', how: 'ECONNREFUSED' } as const;
const PASSED: Evidence = {
  address: '169.254.169.254',
  credentials: REFUSED,
  otherPort: REFUSED,
  agentPort: { kind: 'silence' },
  redirected: 1,
};

describe('Self-test result', () => {
  it.each([
    { name: 'no agent runs yet', met: {} },
    { name: 'the previous agent still answers', met: { credentials: { kind: 'agent', status: 503 } } },
    { name: 'another tool drops instead of refusing', met: { otherPort: { kind: 'silence' } } },
    { name: 'another tool refuses the port of the agent', met: { agentPort: REFUSED } },
    { name: 'the family is only denied', met: { redirected: undefined, agentPort: undefined } },
  ] as { name: string; met: Partial<Evidence> }[])('The self-test passes if $name', ({ met }) => {
    expect(judge({ ...PASSED, ...met })).toEqual({ open: [], warnings: [] });
  });

  it.each([
    {
      name: 'another process answers',
      met: { credentials: { kind: 'other', status: 200 } },
      says: 'a process other than the agent',
    },
    {
      name: 'another process asks for a token',
      met: { credentials: { kind: 'other', status: 401 } },
      says: 'a process other than the agent',
    },
    {
      name: 'another port is open',
      met: { otherPort: { kind: 'open' } },
      says: 'another port of 169.254.169.254 is open',
    },
    {
      name: "the agent's port is open directly",
      met: { agentPort: { kind: 'open' } },
      says: 'directly open to Pods',
    },
  ] as { name: string; met: Partial<Evidence>; says: string }[])(
    'The self-test fails if $name',
    ({ met, says }) => {
      expect(judge({ ...PASSED, ...met }).open.join()).toContain(says);
    },
  );

  it.each([
    {
      name: 'no rule redirected the request to the agent',
      met: { redirected: 0 },
      says: 'not redirected to the agent',
    },
    {
      name: 'the redirected request is not answered',
      met: { credentials: { kind: 'silence' } },
      says: 'got no answer',
    },
  ] as { name: string; met: Partial<Evidence>; says: string }[])(
    'The self-test is inconclusive if $name',
    ({ met, says }) => {
      const { open, warnings } = judge({ ...PASSED, ...met });
      expect(open).toEqual([]);
      expect(warnings.join()).toContain(says);
    },
  );
});
