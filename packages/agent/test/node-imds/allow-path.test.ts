import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseAllowPaths, warningsFor } from '../../src/node-imds/allow-path.ts';
import type { AllowPath } from '../../src/node-imds/allow-path.ts';

function setup(...expressions: string[]): AllowPath {
  const parsed = parseAllowPaths(expressions);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  return parsed.allowPath;
}

describe('--allow-path', () => {
  it.each([
    { expression: '/latest/user-data', path: 'user-data', allows: true },
    { expression: '/latest/user-data/', path: 'user-data', allows: true },
    { expression: '/(latest|1\\.0)/user-data', path: 'user-data', allows: true },
    { expression: '/latest/user', path: 'user-data', allows: false },
    { expression: 'user-data', path: 'user-data', allows: false },
    { expression: '/1.0/user-data', path: 'user-data', allows: false },
    { expression: '^/latest/user-data$', path: 'user-data', allows: true },
    { expression: 'x|/latest/user-data', path: 'user-data', allows: true },
    { expression: '/latest/meta|x', path: 'meta-data', allows: false },
    { expression: '/latest/meta-data/.*', path: 'meta-data/kernel-id', allows: true },
    { expression: '/latest/meta-data/.*', path: 'meta-data', allows: true },
    { expression: '/latest', path: '', allows: true },
    { expression: '.*', path: 'user-data', allows: true },
    { expression: '.*', path: 'meta-data/iam', allows: false },
    { expression: '.*', path: 'meta-data/iam/info', allows: false },
    { expression: '.*', path: 'meta-data/iam/security-credentials/role', allows: false },
    { expression: '(?s).*', path: 'meta-data/identity-credentials/ec2/info', allows: false },
  ])('The expression $expression opens the path "$path": $allows', ({ expression, path, allows }) => {
    expect(setup(expression).allows(path)).toBe(allows);
  });

  it('A path is open if any of several expressions opens it, and closed without one', () => {
    const allowPath = setup('/latest/user-data', '/latest/meta-data/kernel-id');
    expect(
      ['user-data', 'meta-data/kernel-id', 'meta-data/mac'].map((path) => allowPath.allows(path)),
    ).toEqual([true, true, false]);
    expect(setup().allows('user-data')).toBe(false);
  });

  it('All faults of --allow-path expressions are reported together', () => {
    const parsed = parseAllowPaths(['(', '/ok', '', '\\1', 'x'.repeat(4097)]);
    expect(parsed).toEqual({
      faults: [
        expect.stringMatching(/^"\(" is not an RE2 expression/),
        expect.stringMatching(/^an empty expression/),
        expect.stringMatching(/^"\\\\1" is not an RE2 expression/),
        expect.stringMatching(/4097 characters is too long; at most 4096/),
      ],
    });
  });

  it('An expression that backtracks in other engines is matched within a second', () => {
    const startMs = performance.now();
    expect(setup('/latest/(a+)+$').allows(`${'a'.repeat(5000)}!`)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('No expression opens the credentials of the node', () => {
    const secret = fc.constantFrom('meta-data/iam', 'meta-data/identity-credentials');
    const rest = fc.oneof(
      fc.constant(''),
      fc.string().map((text) => `/${text}`),
    );
    fc.assert(
      fc.property(secret, rest, fc.string(), (directory, tail, odd) => {
        const path = `${directory}${tail}`;
        const literal = `/latest/${path}`.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
        const parsed = parseAllowPaths([
          '(?s).*',
          '/latest/meta-data/iam.*',
          literal,
          odd === '' ? 'x' : odd,
        ]);
        if ('allowPath' in parsed) expect(parsed.allowPath.allows(path)).toBe(false);
      }),
    );
  });
});

describe('Warnings of --allow-path', () => {
  it.each([
    { expression: '/latest/meta-data/kernel-id', paths: [] },
    { expression: '/latest/user-data', paths: ['user-data'] },
    {
      expression: '/latest/dynamic/.*',
      paths: ['signature', 'pkcs7', 'rsa2048'].map((name) => `dynamic/instance-identity/${name}`),
    },
    { expression: '/latest/meta-data/public-keys/.*', paths: ['meta-data/public-keys/0/openssh-key'] },
    { expression: '/latest/meta-data/iam/.*', paths: ['meta-data/iam/security-credentials/node'] },
  ])('The expression $expression causes warnings for the paths $paths', ({ expression, paths }) => {
    expect(warningsFor([expression]).map(({ path }) => path)).toEqual(paths);
  });

  it('The warnings for the expression .* name everything it opens, and say that it cannot open credentials', () => {
    const warnings = warningsFor(['.*']);
    expect(warnings).toHaveLength(8);
    expect(warnings.filter(({ risk }) => risk.includes('no effect')).map(({ path }) => path)).toEqual([
      'meta-data/iam/security-credentials/node',
      'meta-data/identity-credentials/ec2/security-credentials/ec2-instance',
    ]);
    expect(warnings.every(({ expression }) => expression === '.*')).toBe(true);
  });

  it('An expression that does not parse causes no warning', () => {
    expect(warningsFor(['(', '/latest/user-data'])).toHaveLength(1);
  });
});
