import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../src/policy/template.ts';

describe('Template', () => {
  it.each([
    { text: '{cluster}.{namespace}.{serviceAccount}.{pod}.{uid}.{node}', scope: 'pod' },
    { text: 'fixed', scope: 'role' },
    { text: '{cluster}', scope: 'role' },
    { text: '{namespace}-{serviceAccount}', scope: 'workload' },
  ] as const)('The template "$text" is accepted for the scope $scope', ({ text, scope }) => {
    expect(checkTemplate(text, scope)).toBeUndefined();
  });

  it.each([
    { text: '', scope: 'pod', why: 'empty' },
    { text: '{name}', scope: 'pod', why: '{name} is not known; templates can contain {cluster} {namespace}' },
    { text: '{}', scope: 'pod', why: '{} is not known' },
    { text: '{constructor}', scope: 'pod', why: 'not known' },
    { text: '{Pod}', scope: 'pod', why: 'not known' },
    { text: '{pod', scope: 'pod', why: 'not closed or not opened' },
    { text: 'pod}', scope: 'pod', why: 'not closed or not opened' },
    { text: '{{pod}}', scope: 'pod', why: 'not closed or not opened' },
    { text: '{pod}', scope: 'workload', why: 'differs between Pods that share a session of scope workload' },
    { text: '{namespace}', scope: 'role', why: 'templates can contain {cluster}' },
  ] as const)('The template "$text" is rejected for the scope $scope', ({ text, scope, why }) => {
    expect(checkTemplate(text, scope)).toContain(why);
  });

  it('The placeholder {uid} is accepted if no scope is given', () => {
    expect(checkTemplate('{uid}')).toBeUndefined();
  });
});
