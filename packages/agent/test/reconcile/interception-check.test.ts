import { expect, it } from 'vitest';
import { interceptionCheck } from '../../src/reconcile/interception-check.ts';
import { STATE } from './setup.ts';

it('readiness does not depend on an interception of which nobody tells', () => {
  const check = interceptionCheck(undefined);
  expect([check.name, check.informative, check.ready()]).toEqual([
    'interception',
    true,
    'nobody tells how the rules stand; give --cni-socket, the socket of rolegate-agent reconcile',
  ]);
});

it.each([
  {
    state: undefined,
    outcome: expect.stringMatching(/^the reader has not told how the rules stand; see that /),
  },
  { state: STATE, outcome: true },
  {
    state: { ...STATE, layers: { nat: false, filter: true, route: true } },
    outcome: expect.stringMatching(
      /^not in order: nat, input, ports; the log of rolegate-agent reconcile says/,
    ),
  },
])(
  'readiness with a reader is that all layers are laid, as far as was known last: $outcome',
  ({ state, outcome }) => {
    const check = interceptionCheck({ lastKnown: () => state });
    expect([check.informative, check.ready()]).toEqual([undefined, outcome]);
  },
);
