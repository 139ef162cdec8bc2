import { expect, it } from 'vitest';
import { minimalValues, rendered } from './rendering.ts';
import { withHelm } from './with-helm.ts';

/** `helm upgrade --reuse-values` keeps the old chart's values, which lack these. null removes them for helm template. */
const MISSING_IN_01 = {
  agent: {
    server: { attestAddress: null },
    hold: { patient: null },
    connections: null,
    waiting: null,
  },
};
const FLAGS = [
  'attest-address',
  'hold-patient',
  'connections-per-pod',
  'connections',
  'waiting-per-pod',
  'waiting',
];

withHelm('Values reused from 0.1 (need helm)', () => {
  it('Values that the chart of 0.1 lacks set no flags, so that the agent uses its defaults', () => {
    const files = [minimalValues('agent')];
    const text = rendered({ chart: 'agent', files, values: MISSING_IN_01.agent });
    expect(FLAGS.filter((flag) => text.includes(`--${flag}=`))).toEqual([]);
  });

  it('A new value can be set together with values reused from 0.1', () => {
    const files = [minimalValues('agent')];
    const values = { ...MISSING_IN_01.agent, connections: { perPod: 300, perNode: null } };
    const text = rendered({ chart: 'agent', files, values });
    expect(FLAGS.filter((flag) => text.includes(`--${flag}=`))).toEqual(['connections-per-pod']);
  });
});
