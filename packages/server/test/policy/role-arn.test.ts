import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { completeRole, parseRole, parseRoleBaseArn, roleName } from '../../src/policy/role-arn.ts';

const BASE = 'arn:aws:iam::123456789012:role/k8s/';

const part = fc.stringMatching(/^[\w+=,.@-]{1,64}$/).filter((text) => text !== '.' && text !== '..');
const pathName = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));

describe('Role', () => {
  it.each([
    { text: 'reader', value: { kind: 'name', name: 'reader' } },
    { text: '/reader', value: { kind: 'name', name: 'reader' } },
    { text: 'team/a/reader', value: { kind: 'name', name: 'team/a/reader' } },
    { text: '/team/a/reader', value: { kind: 'name', name: 'team/a/reader' } },
    { text: 'Az09_+=,.@-', value: { kind: 'name', name: 'Az09_+=,.@-' } },
    { text: 'x'.repeat(64), value: { kind: 'name', name: 'x'.repeat(64) } },
    ...[
      'arn:aws:iam::123456789012:role/reader',
      'arn:aws-cn:iam::123456789012:role/team/reader',
      'arn:aws-us-gov:iam::123456789012:role/reader',
      'arn:aws-iso-b:iam::123456789012:role/reader',
    ].map((text) => ({ text, value: { kind: 'arn', arn: text } })),
  ])('The role "$text" is accepted', ({ text, value }) => {
    expect(parseRole(text)).toEqual({ value });
  });

  it.each([
    { text: '', why: 'is empty' },
    { text: '/', why: 'empty part' },
    { text: '//reader', why: 'empty part' },
    { text: 'team//reader', why: 'empty part' },
    { text: 'team/', why: 'empty part' },
    { text: '../reader', why: 'only dots' },
    { text: 'team/.', why: 'only dots' },
    { text: ' reader', why: 'a character' },
    { text: 'reader\n', why: 'a character' },
    { text: 'röle', why: 'a character' },
    { text: 'rolle\u{1f600}', why: 'a character' },
    { text: 'a*', why: 'a character' },
    { text: 'a%2fb', why: 'a character' },
    { text: 'ARN:aws:iam::123456789012:role/reader', why: 'a character' },
    { text: 'x'.repeat(65), why: 'more than 64' },
    { text: `${'p'.repeat(511)}/reader`, why: 'path of more than 512' },
    { text: 'x'.repeat(10_240), why: '10240 characters long' },
    { text: 'arn:x', why: 'not the ARN of an IAM role' },
    { text: 'arn:', why: 'not the ARN of an IAM role' },
    { text: 'arn:aws:iam::123456789012:user/reader', why: 'not the ARN of an IAM role' },
    { text: 'arn:aws:iam::123456789012:role', why: 'not the ARN of an IAM role' },
    { text: 'arn:aws:sts::123456789012:role/reader', why: 'not the ARN of an IAM role' },
    { text: 'arn:aws:iam:eu-west-1:123456789012:role/reader', why: 'not the ARN of an IAM role' },
    { text: 'arn:aws:iam::123456789012:role/a:b', why: 'not the ARN of an IAM role' },
    { text: 'arn:AWS:iam::123456789012:role/reader', why: 'no AWS partition' },
    { text: 'arn::iam::123456789012:role/reader', why: 'no AWS partition' },
    { text: 'arn:aws:iam::12345678901:role/reader', why: '12 digits' },
    { text: 'arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/reader', why: '12 digits' },
    { text: 'arn:aws:iam::123456789012:role/', why: 'empty part' },
    { text: 'arn:aws:iam::123456789012:role//reader', why: 'empty part' },
  ])('The role "$text" is rejected', ({ text, why }) => {
    expect(parseRole(text)).toEqual({ fault: expect.stringContaining(why) });
  });

  it('The fault of a role is bounded printable ASCII, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const parsed = parseRole(text);
        if ('fault' in parsed) expect(parsed.fault).toMatch(/^[\x20-\x7e]{1,1200}$/);
      }),
    );
  });
});

describe('Role ARN', () => {
  it('Every spelling of a role gives the same ARN, and the ARN gives back its name', () => {
    fc.assert(
      fc.property(pathName, (name) => {
        const arn = `${BASE}${name}`;
        for (const spelling of [name, `/${name}`, arn]) {
          const parsed = parseRole(spelling);
          if ('fault' in parsed) throw new Error(parsed.fault);
          expect(completeRole(parsed.value, BASE)).toEqual({ value: arn });
        }
        expect(roleName(arn, BASE)).toBe(name);
      }),
    );
  });

  it('A role ARN is not shortened if it is not under the base ARN or no base ARN is known', () => {
    const other = 'arn:aws:iam::123456789012:role/k8s-reader';
    expect(roleName(other, BASE)).toBe(other);
    expect(roleName(`${BASE}reader`, undefined)).toBe(`${BASE}reader`);
  });

  it('A role name is rejected if it is too long together with the path of the base ARN', () => {
    const completed = completeRole({ kind: 'name', name: `${'p'.repeat(508)}/reader` }, BASE);
    expect(completed).toEqual({ fault: expect.stringContaining('with the base ARN has a path') });
  });
});

describe('Role base ARN', () => {
  it.each([
    { text: 'arn:aws:iam::123456789012:role/', value: 'arn:aws:iam::123456789012:role/' },
    { text: 'arn:aws:iam::123456789012:role', value: 'arn:aws:iam::123456789012:role/' },
    { text: 'arn:aws:iam::123456789012:role/k8s', value: BASE },
    { text: BASE, value: BASE },
    {
      text: 'arn:aws-cn:iam::123456789012:role/a+b/c@d/',
      value: 'arn:aws-cn:iam::123456789012:role/a+b/c@d/',
    },
  ])('The base ARN "$text" is accepted', ({ text, value }) => {
    expect(parseRoleBaseArn(text)).toEqual({ value });
  });

  it.each([
    { text: '' },
    { text: 'role/' },
    { text: 'arn:aws:iam::123456789012:roles/' },
    { text: 'arn:aws:iam::123456789012:role//' },
    { text: 'arn:aws:iam::123456789012:role/k8s/*' },
    { text: 'arn:aws:iam::123456789012:instance-profile/node' },
    { text: 'arn:aws:iam::1:role/' },
    { text: `arn:aws:iam::123456789012:role/${'p'.repeat(600)}` },
    { text: 'x'.repeat(5000) },
  ])('The base ARN "$text" is rejected, and the fault shows how to write it', ({ text }) => {
    expect(parseRoleBaseArn(text)).toEqual({
      fault: expect.stringContaining('write it like arn:aws:iam::123456789012:role/'),
    });
  });
});
