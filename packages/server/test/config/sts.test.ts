import { describe, expect, it } from 'vitest';
import { setup } from './given.ts';

const HOP = 'arn:aws-us-gov:iam::210987654321:role/rolegate/hop';

describe('Assumed role', () => {
  it.each([
    { argv: [`--assume-role-arn=${HOP}`], arn: HOP, base: 'arn:aws-us-gov:iam::210987654321:role/' },
    {
      argv: [`--assume-role-arn=${HOP}`, '--role-base-arn=arn:aws:iam::123456789012:role/apps/'],
      arn: HOP,
      base: 'arn:aws:iam::123456789012:role/apps/',
    },
    {
      argv: ['--assume-role-arn=/team/hop', '--role-base-arn=arn:aws:iam::123456789012:role/'],
      arn: 'arn:aws:iam::123456789012:role/team/hop',
      base: 'arn:aws:iam::123456789012:role/',
    },
    { argv: ['--assume-role-arn='], arn: undefined, base: undefined },
  ])('With the flags $argv the assumed role is $arn and the role base ARN $base', ({ argv, arn, base }) => {
    const { config, warnings } = setup(argv);
    expect([config.sts.assumedRoleArn, config.roles.baseArn, warnings]).toEqual([arn, base, []]);
  });

  it.each([
    {
      argv: ['--assume-role-arn=hop'],
      fault: '--assume-role-arn: a name without an account; give the full ARN, or --role-base-arn',
    },
    {
      argv: [`--assume-role-arn=${HOP}`, '--session-duration=2h'],
      fault:
        '--session-duration: with --assume-role-arn 2h is too long; ' +
        'STS allows at most 1h for role chaining',
    },
    {
      argv: ['--assume-role-arn=arn:aws:s3:::bucket'],
      fault: '--assume-role-arn: the value is not the ARN of an IAM role: "arn:aws:s3:::bucket"',
    },
  ])('The flags $argv are refused', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });
});

describe('STS endpoint', () => {
  it.each([
    { argv: ['--sts-fips'], env: {}, fips: true, dualStack: false },
    { argv: ['--sts-dualstack'], env: {}, fips: false, dualStack: true },
    { argv: [], env: { AWS_USE_FIPS_ENDPOINT: 'true' }, fips: true, dualStack: false },
    { argv: ['--no-sts-fips'], env: { AWS_USE_FIPS_ENDPOINT: 'true' }, fips: false, dualStack: false },
  ])(
    'The flags $argv and the variables $env set FIPS to $fips and dual stack to $dualStack',
    ({ argv, env, fips, dualStack }) => {
      expect(setup(argv, { env }).config.sts).toMatchObject({ fips, dualStack });
    },
  );

  it('An endpoint of --sts-endpoint excludes --sts-fips and --sts-dualstack', () => {
    const argv = ['--sts-fips', '--sts-dualstack', '--sts-endpoint=https://sts.example'];
    expect(setup(argv).faults).toEqual(
      ['--sts-fips', '--sts-dualstack'].map(
        (flag) =>
          `${flag}: conflicts with --sts-endpoint; leave this out, and give the matching endpoint there`,
      ),
    );
    const env = { AWS_USE_FIPS_ENDPOINT: 'false' };
    expect(setup(['--sts-endpoint=https://sts.example'], { env }).faults).toEqual([]);
  });
});

describe('Startup taints', () => {
  it.each(['rolegate.dev/agent-not-ready', 'not-ready', 'a,b.example/c_d'])(
    'The flag --startup-taint accepts %s',
    (text) => {
      expect(setup([`--startup-taint=${text}`]).config.agents.startupTaints).toEqual(text.split(','));
    },
  );

  it.each(['rolegate.dev/x=true:NoSchedule', 'A.example/x', '-x', 'a/b/c'])(
    'The flag --startup-taint refuses %s, which is not a key',
    (text) => {
      expect(setup([`--startup-taint=${text}`]).faults).toEqual([
        expect.stringContaining('write only the key, without value and effect'),
      ]);
    },
  );
});
