import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createPolicy } from '../../src/policy/decide.ts';
import { PERMITTED, ROLE, settings, subjectOf } from './setup.ts';
import type { Situation } from './setup.ts';
import { filled, worstCases } from './worst-cases.ts';

/**
 * No measure, but where a stall begins: the worst takes some 40 ms, without a bound up to 2,400 ms. Of CPU, so that other work
 * on the machine does not count.
 */
const COLD_MS = 1_000;
const WARM_MS = 100;

function cpuMs(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function costOf(situation: Situation) {
  const policy = createPolicy(settings);
  const subject = subjectOf(situation);
  const cold = cpuMs(() => policy.decide(subject));
  const warm = cpuMs(() => {
    for (let i = 0; i < 20; i++) policy.decide(subject);
  });
  return { cold, warm: warm / 20 };
}

describe('Decision cost', () => {
  it.each(worstCases)('The cost of a decision is limited for $what', ({ what, ...situation }) => {
    expect(what).not.toBe('');
    const { cold, warm } = costOf(situation);
    expect(cold).toBeLessThan(COLD_MS);
    expect(warm).toBeLessThan(WARM_MS);
  });

  it('The cost of a decision is limited for any expression that repeats a few parts', () => {
    const part = fc.constantFrom(
      'a',
      'k',
      '.',
      '.*',
      'a*',
      'a?',
      'b+',
      '(a|b)',
      '(?:ab|a)*',
      '[a-m]',
      '[^a]',
      '\\w',
      '\\W*',
      '\\b',
      '^',
      '$',
      '|',
      '\\pL',
      '\\PL*',
      '[\\pL]',
      'é',
      '[B-\u{1e941}]',
      '\\x{1e941}',
      'a{30}',
      '(a*)*',
      '()',
      '[[:^alpha:]]',
    );
    const unit = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const flags = fc.constantFrom('', '(?i)', '(?s)', '(?is)');
    const role = fc.constantFrom('a'.repeat(64), `${'ab/'.repeat(40)}${'ak'.repeat(30)}`);
    fc.assert(
      fc.property(unit, flags, role, (repeated, flag, name) => {
        const expression = `${flag}${filled(repeated, 4096 - flag.length)}`;
        const { cold } = costOf({ annotations: { [ROLE]: name }, namespace: { [PERMITTED]: expression } });
        expect(cold).toBeLessThan(COLD_MS);
      }),
      { numRuns: 60 },
    );
  });

  it('A rule that takes too much work is denied as BadNamespaceRule, and the message says what to do', () => {
    const [first] = worstCases.filter(({ what }) => what === 'external IDs: short globs');
    const { decision } = createPolicy(settings).decide(subjectOf(first ?? {}));
    expect(decision).toMatchObject({
      kind: 'deny',
      reason: 'BadNamespaceRule',
      message: expect.stringContaining('takes too much work to match: use fewer globs'),
    });
  });
});

describe('Value over its limit', () => {
  const over = { tooLongBytes: 100_000, limitBytes: 2048 };
  const reader = { [ROLE]: 'reader' };
  const permits = { [PERMITTED]: 'reader' };
  it.each<Situation & { readonly what: string; readonly is: string }>([
    { what: 'a role', annotations: { [ROLE]: over }, namespace: permits, is: 'BadAnnotation' },
    {
      what: "a ServiceAccount's role",
      serviceAccount: { [ROLE]: over },
      namespace: permits,
      is: 'BadAnnotation',
    },
    {
      what: 'session tags',
      annotations: { ...reader, 'rolegate.dev/session-tags': over },
      namespace: permits,
      is: 'BadAnnotation',
    },
    {
      what: 'a session name',
      annotations: { ...reader, 'iam.amazonaws.com/session-name': 'x'.repeat(2049) },
      namespace: permits,
      is: 'BadAnnotation',
    },
    { what: 'an expression', annotations: reader, namespace: { [PERMITTED]: over }, is: 'BadNamespaceRule' },
    {
      what: 'allowed roles',
      annotations: reader,
      namespace: { ...permits, 'iam.amazonaws.com/allowed-roles': `["${'x'.repeat(65_536)}"]` },
      is: 'BadNamespaceRule',
    },
    {
      what: 'permitted external IDs',
      annotations: { ...reader, 'iam.amazonaws.com/external-id': 'acme' },
      namespace: { ...permits, 'rolegate.dev/permitted-external-ids': over },
      is: 'BadNamespaceRule',
    },
    {
      what: 'permitted session tags',
      annotations: { ...reader, 'rolegate.dev/session-tags': '{"k":"v"}' },
      namespace: { ...permits, 'rolegate.dev/permitted-session-tags': over },
      is: 'BadNamespaceRule',
    },
    {
      what: "a Pod's metadata",
      annotations: { ...reader, 'rolegate.dev/metadata': over },
      namespace: permits,
      is: 'MetadataDenied',
    },
    {
      what: "a Namespace's metadata",
      annotations: reader,
      namespace: { ...permits, 'rolegate.dev/metadata': 'placement,'.repeat(300) },
      is: 'MetadataDenied',
    },
  ])(
    'A value over its limit is denied with its length and its limit: $what',
    ({ is, what, ...situation }) => {
      expect(what).not.toBe('');
      const { decision } = createPolicy(settings).decide(subjectOf(situation));
      expect(decision).toMatchObject({ kind: 'deny', reason: is });
      expect(decision).toMatchObject({
        message: expect.stringMatching(/is \d+ bytes long; \d+ are allowed/),
      });
    },
  );
});
