import { describe, expect, it } from 'vitest';
import { clip, plain, quote } from '../../src/policy/quote.ts';
import { ACCOUNT, ALLOWED_ROLES, PERMITTED, ROLE, decide } from './setup.ts';

describe('Quoted value', () => {
  it.each([
    { text: 'reader', shown: '"reader"' },
    { text: '', shown: '""' },
    { text: 'a\nb\u001b[31m', shown: '"a\\u{a}b\\u{1b}[31m"' },
    { text: 'röle\u{1f600}\u202e', shown: '"r\\u{f6}le\\u{1f600}\\u{202e}"' },
    { text: 'x'.repeat(100), shown: `"${'x'.repeat(100)}"` },
    { text: 'x'.repeat(10_240), shown: `"${'x'.repeat(100)}..." (10240 characters)` },
  ])('A foreign value in a message is shown as $shown', ({ text, shown }) => {
    expect(quote(text)).toBe(shown);
  });

  it('A message of a library is escaped and bounded too', () => {
    expect(plain(`unexpected \u0007 in ${'('.repeat(5000)}`)).toMatch(/^unexpected \\u\{7\} in \(+\.\.\.$/);
    expect(plain('missing )')).toBe('missing )');
  });

  it('Foreign values do not make a message longer than an Event allows', () => {
    expect(clip('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(clip('x'.repeat(1001))).toBe(`${'x'.repeat(997)}...`);
    const { decision } = decide({
      annotations: { [ROLE]: `${ACCOUNT}${'p'.repeat(500)}/reader` },
      namespace: { [PERMITTED]: '\u0001'.repeat(100), [ALLOWED_ROLES]: `["${'ü'.repeat(90)}"]` },
    });
    expect(decision).toMatchObject({
      reason: 'NamespaceDenied',
      message: expect.stringMatching(/^[\x20-\x7e]{997}\.\.\.$/),
    });
  });

  it('Foreign values do not make the faults of a Namespace longer than an Event allows', () => {
    const long = '\u0001'.repeat(100);
    const { namespaceRuleFault } = decide({
      namespace: {
        [PERMITTED]: `(${long}`,
        'rolegate.dev/default-role': long,
        'rolegate.dev/metadata': long,
      },
    });
    expect(namespaceRuleFault).toMatch(/^[\x20-\x7e]{997}\.\.\.$/);
  });
});
