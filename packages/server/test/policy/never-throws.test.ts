import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { annotation } from '../../src/annotations/annotations.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { ACCOUNT, METADATA, ROLE, decide, settings, subjectOf } from './setup.ts';

const keys = Object.values(annotation);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.json(),
  fc.constantFrom(
    'reader',
    'arn:x',
    '',
    '.*',
    '(',
    '["*"]',
    '{"a":"b"}',
    '{"__proto__":"x"}',
    'deny',
    'placement',
  ),
  fc.constantFrom(
    'x'.repeat(10_240),
    '['.repeat(20_000),
    '"'.repeat(5000),
    `${ACCOUNT}reader`,
    '\u0000\u202e',
  ),
);
const annotations = fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true });
const presence = fc.oneof(annotations, fc.constantFrom('absent' as const, 'unseen' as const));
const situation = fc.record({
  annotations,
  namespace: presence,
  serviceAccount: presence,
  pod: fc.record({ hostNetwork: fc.boolean(), staticPod: fc.boolean() }),
  servesContainerCredentials: fc.boolean(),
});
const anySettings = fc.record(
  {
    roleBaseArn: fc.constantFrom(ACCOUNT, 'arn:x', undefined),
    ceilings: fc.constantFrom([], ['*']),
    namespacePolicy: fc.constantFrom('enforce' as const, 'audit' as const),
    sessionScope: fc.constantFrom('pod' as const, 'workload' as const, 'role' as const),
    defaultRole: fc.constantFrom('reader', 'arn:x'),
    sessionTagTemplates: fc.constantFrom({}, { team: '{namespace}' }),
  },
  { requiredKeys: [] },
);

describe('Arbitrary annotations', () => {
  it('Any annotations get a decision, with a message that is bounded and printable', () => {
    fc.assert(
      fc.property(situation, anySettings, (grim, some) => {
        const { decision, namespaceRuleFault = 'none' } = decide({ ...grim, settings: some });
        expect(namespaceRuleFault).toMatch(/^[\x20-\x7e]{1,1000}$/);
        if (decision.kind === 'deny') expect(decision.message).toMatch(/^[\x20-\x7e]{1,1000}$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('No annotations allow a role that no annotation of the Namespace permits', () => {
    const silent = fc.dictionary(
      fc.constantFrom(
        ...keys.filter((key) => key !== annotation.permitted && key !== annotation.allowedRoles),
      ),
      value,
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(situation, silent, (grim, namespace) => {
        const given = { ...grim, annotations: { [ROLE]: 'reader', ...grim.annotations } };
        const { decision } = decide({ ...given, namespace, settings: { ceilings: ['*'] } });
        expect(decision.kind).not.toBe('allow');
      }),
    );
  });

  it('The annotations of a Pod never open what its Namespace closes', () => {
    const word = fc.constantFrom(
      'placement',
      'identity-document',
      'instance',
      'network',
      'tags',
      'deny',
      'x',
      '',
    );
    const words = fc.array(word, { maxLength: 4 }).map((list) => list.join(','));
    fc.assert(
      fc.property(words, annotations, fc.option(words), (closed, others, own) => {
        const alone = decide({ namespace: { [METADATA]: closed } }).metadata;
        const { metadata } = decide({
          namespace: { [METADATA]: closed },
          annotations: own === null ? others : { ...others, [METADATA]: own },
        });
        if (alone.denied) expect(metadata.denied).toBe(true);
        if (alone.only !== undefined && !metadata.denied)
          expect(alone.only).toEqual(expect.arrayContaining([...(metadata.only ?? ['all'])]));
      }),
    );
  });

  it('The same annotations get the same verdict, however often and in whatever order they are decided', () => {
    const policy = createPolicy(settings);
    fc.assert(
      fc.property(fc.array(situation, { maxLength: 6 }), (several) => {
        for (const one of [...several, ...several].reverse()) {
          expect(policy.decide(subjectOf(one))).toEqual(decide(one));
        }
      }),
    );
  });
});
