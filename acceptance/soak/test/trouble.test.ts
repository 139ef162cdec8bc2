import { expect, it } from 'vitest';
import { createTroubleLog } from '../faults/trouble.ts';

it('Trouble lasts from the start of a fault until the system has recovered', () => {
  let nowMs = 10;
  const trouble = createTroubleLog(() => nowMs);
  expect(trouble.now()).toEqual({ lastMs: -Infinity, mayFail: undefined });
  trouble.begin({ mayFail: /^503$/ });
  nowMs = 20;
  expect(trouble.now()).toEqual({ lastMs: 20, mayFail: /^503$/ });
  nowMs = 30;
  trouble.end();
  nowMs = 40;
  expect(trouble.now()).toEqual({ lastMs: 30, mayFail: /^503$/ });
});
