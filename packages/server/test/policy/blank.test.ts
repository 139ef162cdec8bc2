import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { annotation } from '../../src/annotations/annotations.ts';
import type { Annotations } from '../../src/policy/annotation-text.ts';
import { ACCOUNT, ALLOWED_ROLES, PERMITTED, ROLE, decide, outcome } from './setup.ts';
import type { Situation } from './setup.ts';

const EXTERNAL_ID = 'iam.amazonaws.com/external-id';
const values: Readonly<Record<string, readonly string[]>> = {
  [annotation.role]: ['reader', 'team/reader', `${ACCOUNT}reader`, 'a b'],
  [annotation.sessionName]: ['mine', 'a b'],
  [annotation.externalId]: ['acme-1', 'x'],
  [annotation.sessionTags]: ['{"k":"v"}', 'k=v'],
  [annotation.metadata]: ['deny', 'placement', 'placement,tags', 'no'],
  [annotation.permitted]: ['reader', '.*', '(', '^reader$'],
  [annotation.allowedRoles]: ['["reader"]', '["team/*"]', 'reader'],
  [annotation.defaultRole]: ['reader', 'a b'],
  [annotation.permittedExternalIds]: ['["acme-*"]', '[]', 'acme'],
  [annotation.permittedSessionTags]: ['["k"]', 'k'],
};
const blank = fc.constantFrom('', ' ', '\n', '\t \r\n', ' \n\n');
const spaces = fc.constantFrom('', ' ', '\n', '\r\n', '  \n');

/** Annotations as intended, and as a chart may render them: with blank ones, and white space at the ends. */
const written = fc
  .array(
    fc.constantFrom(...Object.keys(values)).chain((key) =>
      fc.record({
        key: fc.constant(key),
        value: fc.option(fc.constantFrom(...(values[key] ?? []))),
        blank,
        before: spaces,
        after: spaces,
      }),
    ),
    { maxLength: 8 },
  )
  .map((entries) => {
    const meant: Record<string, string> = {};
    const rendered: Record<string, string> = {};
    for (const { key, value, blank: nothing, before, after } of entries) {
      // An empty rule on external IDs is one.
      if (key in meant || key in rendered || (value === null && key === annotation.permittedExternalIds))
        continue;
      if (value !== null) meant[key] = value;
      rendered[key] = value === null ? nothing : `${before}${value}${after}`;
    }
    return { meant, rendered };
  });

describe('Blank annotations', () => {
  it('Blank annotations and white space around values change no verdict, on Pod, ServiceAccount or Namespace', () => {
    fc.assert(
      fc.property(written, written, written, (pod, account, namespace) => {
        const given = (which: 'meant' | 'rendered') => ({
          annotations: pod[which],
          serviceAccount: account[which],
          namespace: namespace[which],
        });
        expect(decide(given('rendered'))).toEqual(decide(given('meant')));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['', ' \n'])('A blank rule on external IDs (%j) permits no external ID', (rule) => {
    const namespace = { [PERMITTED]: 'reader', [annotation.permittedExternalIds]: rule };
    const annotations = { [ROLE]: 'reader', [EXTERNAL_ID]: 'acme-1' };
    expect(outcome({ annotations, namespace })).toBe('NamespaceDenied');
    expect(outcome({ annotations: { [ROLE]: 'reader' }, namespace })).toBe(`allow ${ACCOUNT}reader`);
  });

  it('Blank annotations do not make a Pod request a role', () => {
    const { decision } = decide({ annotations: { [ROLE]: '', [EXTERNAL_ID]: ' ' } });
    expect(decision).toMatchObject({ reason: 'NoRole', annotated: false });
  });
});

describe('Permitted expression', () => {
  it.each([
    'team/reader',
    '/team/reader',
    '^team/reader$',
    '^/team/reader$',
    'team/reader\n',
    `${ACCOUNT}team/reader`,
  ])(
    'The expression %j matches a role under the base ARN with and without a leading slash, and by its ARN',
    (permitted) => {
      for (const role of ['team/reader', '/team/reader', `${ACCOUNT}team/reader`])
        expect(outcome({ annotations: { [ROLE]: role }, namespace: { [PERMITTED]: permitted } })).toBe(
          `allow ${ACCOUNT}team/reader`,
        );
    },
  );

  it.each(['reader', '/reader', 'team/', 'eam/reader', '//team/reader'])(
    'The expression %j does not match the role team/reader',
    (permitted) => {
      expect(outcome({ annotations: { [ROLE]: 'team/reader' }, namespace: { [PERMITTED]: permitted } })).toBe(
        'NamespaceDenied',
      );
    },
  );
});

describe('Denial message', () => {
  const reader: Annotations = { [ROLE]: 'reader' };
  it.each<Situation & { readonly says: string }>([
    { annotations: { [ROLE]: 'read\ner' }, says: 'has a newline in it' },
    { annotations: { [ROLE]: 'rôle' }, says: 'has a character outside ASCII in it' },
    { annotations: { [ROLE]: 'read\u0007er' }, says: 'has a control character in it' },
    { annotations: { ...reader, 'rolegate.dev/session-tags': '{"k\\n":"v"}' }, says: 'ends in a newline' },
    {
      annotations: { ...reader, 'rolegate.dev/session-tags': 'k=v' },
      says: 'is not JSON: an object like {"team":"a"} is expected',
    },
    { annotations: reader, namespace: { [PERMITTED]: 'write\nr' }, says: 'has a newline in it' },
    {
      annotations: reader,
      namespace: { [PERMITTED]: 'team/*' },
      says: 'permitted holds a regular expression, in which any text is .* and not *',
    },
    {
      annotations: reader,
      namespace: { [PERMITTED]: '["team/*"]' },
      says: 'permitted holds a regular expression, in which any text is .* and not *',
    },
    {
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: 'app-*' },
      says: 'is not JSON: a list like ["app-*"] is expected',
    },
    {
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '^app-.*$' },
      says: 'allowed-roles holds globs, not regular expressions',
    },
    {
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '["^app-.*$"]' },
      says: 'allowed-roles holds globs, not regular expressions like "^app-.*$"',
    },
    {
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '["app-.*"]' },
      says: 'allowed-roles holds globs, not regular expressions',
    },
    {
      annotations: reader,
      namespace: { [ALLOWED_ROLES]: '{"a":1}' },
      says: 'is not a JSON list: write it like ["app-*"]',
    },
    { annotations: reader, namespace: { [ALLOWED_ROLES]: '[1]' }, says: 'put each in double quotes' },
    {
      annotations: reader,
      namespace: { [PERMITTED]: '(?i)é' },
      says: 'ignores case and has characters outside ASCII',
    },
    {
      annotations: reader,
      namespace: { [PERMITTED]: '\\pL'.repeat(33) },
      says: 'has 33 Unicode classes (32 are allowed',
    },
    { annotations: reader, namespace: { [PERMITTED]: '.*a'.repeat(500) }, says: 'NamespaceDenied' },
    {
      annotations: { [ROLE]: `${'a/'.repeat(200)}a` },
      namespace: { [PERMITTED]: '.*a'.repeat(500) },
      says: 'takes too much work for such a long role name',
    },
    {
      annotations: reader,
      namespace: { [PERMITTED]: '.*a'.repeat(600) },
      says: 'has 600 of * + ? and {n} (512 are allowed)',
    },
  ])('The message says in words what is wrong: $says', ({ says, ...situation }) => {
    const { decision } = decide(situation);
    if (decision.kind !== 'deny') throw new Error(decision.kind);
    expect(`${decision.reason}: ${decision.message}`).toContain(says);
    // Of a long value no more than an excerpt.
    expect(decision.message).not.toContain('.*a'.repeat(40));
  });

  it('The message does not suspect regular expressions in a list of plain globs', () => {
    const namespace = { [ALLOWED_ROLES]: '["app-*","team/a.b?"]' };
    const { decision } = decide({ annotations: reader, namespace });
    expect(decision).toMatchObject({ message: expect.not.stringContaining('regular expressions') });
  });
});
