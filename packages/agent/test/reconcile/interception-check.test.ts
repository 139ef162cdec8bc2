import { expect, it } from 'vitest';
import { interceptionCheck } from '../../src/reconcile/interception-check.ts';
import { STATE } from './setup.ts';

it('Readiness does not depend on the interception if no reader reports it', () => {
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
  'Readiness with a reader requires that all layers were installed when last reported: $outcome',
  ({ state, outcome }) => {
    const check = interceptionCheck({ lastKnown: () => state });
    expect([check.informative, check.ready()]).toEqual([undefined, outcome]);
  },
);
