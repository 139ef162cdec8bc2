import { expect, it } from 'vitest';
import { interceptionCheck } from '../../src/reconcile/interception-check.ts';
import { STATE } from './setup.ts';

it('Readiness does not depend on the interception if no reconcile reports it', () => {
  const check = interceptionCheck(undefined);
  expect([check.name, check.informative, check.ready()]).toEqual([
    'interception',
    true,
    'unknown; set --cni-socket to the socket of rolegate-agent reconcile',
  ]);
});

it.each([
  {
    state: undefined,
    outcome: expect.stringMatching(/^unknown; check that rolegate-agent reconcile runs /),
  },
  { state: STATE, outcome: true },
  {
    state: { ...STATE, layers: { nat: false, filter: true, route: true } },
    outcome: expect.stringMatching(
      /^not fully installed: nat, input, ports; see the log of rolegate-agent reconcile/,
    ),
  },
])(
  'Readiness with reconcile requires that all layers were installed when last reported: $outcome',
  ({ state, outcome }) => {
    const check = interceptionCheck({ lastKnown: () => state });
    expect([check.informative, check.ready()]).toEqual([undefined, outcome]);
  },
);
