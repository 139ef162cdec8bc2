import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { serverProgram } from '../../src/config/config.ts';
import { needed, setup } from './given.ts';

/** An hour. Milliseconds. */
const HOUR_MS = 3_600_000;

describe('Session duration', () => {
  it.each([
    { argv: ['--session-duration=1h'], ms: HOUR_MS, warning: undefined },
    { argv: ['--session-duration=50m'], ms: 3_000_000, warning: undefined },
    {
      argv: ['--session-duration=15m'],
      ms: HOUR_MS,
      warning: '--session-duration 15m is read as 1h; for 15m add --allow-short-sessions',
    },
    {
      argv: ['--session-duration=15m', '--allow-short-sessions'],
      ms: 900_000,
      warning: '--session-duration 15m: Pods may get credentials with less than 25 minutes left',
    },
    {
      argv: ['--session-duration=12h'],
      ms: 12 * HOUR_MS,
      warning: "--session-duration 12h: STS allows at most 1h while the server's own key is temporary",
    },
  ])(
    'The flags $argv set a session duration of $ms ms, with a warning if necessary',
    ({ argv, ms, warning }) => {
      const { config, warnings } = setup(argv);
      expect(config.sessions.durationMs).toBe(ms);
      expect(warnings).toEqual(warning === undefined ? [] : [warning]);
    },
  );

  it.each([
    {
      argv: ['--session-duration=30m'],
      fault: '--session-duration: 30m is too short; use 50m to 1h, or add --allow-short-sessions',
    },
    {
      argv: ['--session-duration=14m', '--allow-short-sessions'],
      fault: '--session-duration: "14m" is too short; use 15m or more',
    },
    {
      argv: ['--session-duration=13h'],
      fault: '--session-duration: "13h" is too long; use 12h or less',
    },
    {
      argv: ['--session-duration=55m1ms'],
      fault: '--session-duration: 55m1ms is not a whole number of seconds, as STS requires',
    },
  ])('The configuration refuses the session duration of $argv', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });
});

describe('Audience of container credentials', () => {
  it.each([
    { audience: 'sts.amazonaws.com', why: 'IRSA uses it for STS' },
    { audience: 'rolegate-server', why: 'agents prove their node with it' },
    {
      audience: 'https://kubernetes.default.svc',
      why: "it is an audience of the API server, so it is in every Pod's default token",
    },
    { audience: 'two words', why: 'it has spaces or is too long' },
  ])('The configuration refuses $audience, which others accept too', ({ audience, why }) => {
    expect(setup([`--container-credentials-audience=${audience}`]).faults).toEqual([
      `--container-credentials-audience: "${audience}" cannot be the audience: ${why}; use rolegate, or a name of your own`,
    ]);
  });

  it('The configuration refuses an audience that is an accepted issuer', () => {
    const issuer = 'https://oidc.example';
    const argv = ['--container-credentials-audience', issuer, '--service-account-issuer', issuer];
    expect(setup(argv).faults).toEqual([
      '--container-credentials-audience: the audience is that of --service-account-issuer; use another one',
    ]);
  });

  it.each(['', 'a b', 'x'.repeat(513)])('The configuration refuses the issuer %j', (issuer) => {
    expect(setup([`--service-account-issuer=${issuer}`]).faults).not.toEqual([]);
  });
});

describe('Attestation port', () => {
  const own = ['--region', 'eu-central-1', '--namespace', 'iam'];

  it('The flag --attest-bind warns that its port is not opened if certificates come from files', () => {
    const warning = '--attest-bind: ignored, because certificates come from --cert, --key and --ca';
    expect(setup(['--attest-bind=[::]:9611']).warnings).toEqual([warning]);
    expect(setup([], { env: { ROLEGATE_ATTEST_BIND: ':9611' } }).warnings).toEqual([warning]);
    expect(setup().warnings).toEqual([]);
    expect(setup(['--attest-bind=[::]:9611'], { base: own }).warnings).toEqual([]);
  });

  it('The attestation port must not be the port of the feed', () => {
    const fault = '--attest-bind: the address is that of --bind; use another port';
    expect(setup(['--bind=:9611'], { base: own }).faults).toEqual([fault]);
    expect(setup(['--bind=:0', '--attest-bind=:0'], { base: own }).faults).toEqual([]);
    expect(setup(['--bind=:9611']).faults).toEqual([]);
  });
});

describe('Configuration errors', () => {
  it('All required flags that are missing are reported at once', () => {
    expect(setup([], { base: [] }).faults).toEqual([
      "--namespace: needed outside a Pod; the server's own authority is kept in a Secret of this Namespace",
      '--region: needed; the server calls the STS endpoint of this region (or set AWS_REGION)',
    ]);
  });

  it.each([
    {
      argv: ['--cert=c'],
      faults: [/^--key: needed because --cert is given; give all three/, /^--ca: /],
    },
    {
      argv: ['--key=k', '--ca=a'],
      faults: [/^--cert: needed because --key and --ca is given; give all/],
    },
    {
      argv: ['--namespace=rolegate', '--agent-identity=shared'],
      faults: [/^--agent-identity shared: not possible with the server's own authority; leave it out/],
    },
  ])('The certificate flags $argv are reported as incomplete or contradictory', ({ argv, faults }) => {
    const base = ['--region=eu-west-1'];
    expect(setup(argv, { base }).faults).toEqual(
      faults.map((fault) => expect.stringMatching(fault) as unknown),
    );
  });

  it.each([
    { argv: ['--namespace', 'a/b'], fault: /^--namespace: "a\/b" is not a valid name of a Namespace; / },
    {
      argv: ['--authority-secret', 'a/b/c'],
      fault: /^--authority-secret: "a\/b\/c" is not a valid name of a Secret; /,
    },
    {
      argv: ['--authority-age', '24h'],
      fault: /^--authority-age: "24h" is too short; use 168h or more$/,
    },
    { argv: ['--server-name', 'a_:1'], fault: /^--server-name: "a_:1" is not a host name; / },
    {
      argv: ['--agent-service-account', 'x'],
      fault: /^--agent-service-account: "x" is not a valid ServiceAccount; /,
    },
    {
      argv: ['--agent-daemonset', 'a/b'],
      fault: /^--agent-daemonset: "a\/b" is not a valid name of a DaemonSet; /,
    },
    {
      argv: ['--agent-identity', 'x'],
      fault: /^--agent-identity: unknown value "x"; use attested or shared$/,
    },
    { argv: ['--region', 'Frankfurt'], fault: /^--region: "Frankfurt" is not a valid region; / },
    { argv: ['--region', 'x.evil.example/eu-west-1'], fault: /is not a valid region; / },
    { argv: ['--trust-domain', 'A b'], fault: /^--trust-domain: "A b" is not a valid trust domain; / },
    {
      argv: ['--role-base-arn', 'arn:x'],
      fault: /^--role-base-arn: the value is not the ARN of an IAM role.*; write it/,
    },
    {
      argv: ['--role-base-arn', 'arn:aws:iam::1:role/'],
      fault: /^--role-base-arn: the value has no account ID of 12 digits/,
    },
    { argv: ['--default-role', 'a b'], fault: /^--default-role: the value / },
    {
      argv: ['--session-scope', 'node'],
      fault: /^--session-scope: unknown value "node"; use pod, workload or role$/,
    },
    { argv: ['--session-name-template', '{nod}'], fault: /^--session-name-template: \{nod\} is not known; / },
    {
      argv: ['--session-name-template', '{pod}'],
      fault: /^--session-name-template: \{pod\} differs between Pods that share/,
    },
    {
      argv: ['--source-identity-template', '{'],
      fault: /^--source-identity-template: a brace is not closed or not opened/,
    },
    {
      argv: ['--session-tag', 'c={cluster}'],
      fault: /^--session-tag c: \{cluster\} has no value; set --cluster-name$/,
    },
    { argv: ['--session-tag', 'c='], fault: /^--session-tag c: the template is empty$/ },
    {
      argv: ['--session-tag', 'aws:x=y'],
      fault: /^--session-tag: the value has the key "aws:x"; the prefix aws: is reserved$/,
    },
    {
      argv: ['--session-tag', 'Team=a', '--session-tag', 'team=b'],
      fault: /^--session-tag: the key "team" is given twice/,
    },
    {
      argv: Array.from({ length: 51 }, (_, at) => `--session-tag=k${at}=v`),
      fault: /^--session-tag: 51 are given; STS accepts at most 50$/,
    },
    { argv: ['--sts-endpoint', 'sts.example'], fault: /^--sts-endpoint: "sts.example" is not a URL; / },
    { argv: ['--sts-rate', '0'], fault: /^--sts-rate: "0" is not a whole number from 1 to 100000; / },
    { argv: ['--drain-timeout', '1d'], fault: /^--drain-timeout: "1d" is not a duration; / },
  ])('The flags $argv are reported as invalid', ({ argv, fault }) => {
    const base = needed.filter((_, at) => !(argv[0] === '--region' && at >= 6));
    const { faults } = setup(argv, { base });
    expect(faults.filter((text) => !text.includes(': needed'))).toEqual([expect.stringMatching(fault)]);
  });

  it('Templates can contain {cluster} if the cluster has a name, and {pod} if Pods do not share sessions', () => {
    const argv = ['--session-name-template={cluster}.{pod}', '--cluster-name=prod', '--session-scope=pod'];
    expect(setup(argv).config.sessions.nameTemplate).toBe('{cluster}.{pod}');
  });

  it('The configuration parser returns a result for any input, and never throws', () => {
    const names = [...Object.keys(serverProgram.flags), ...Object.keys(serverProgram.legacy)].map(
      (name) => `--${name}`,
    );
    const piece = fc.oneof(
      fc.constantFrom(...names),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('15m', '{', 'a=b'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.boolean(), (argv, complete) => {
        const { outcome } = setup(argv, { base: complete ? needed : [] });
        expect(['config', 'faults', 'help', 'version']).toContain(outcome.kind);
      }),
    );
  });

  it('The flags --help and --version return the help text and the version', () => {
    expect(setup(['--help']).outcome).toMatchObject({
      kind: 'help',
      text: expect.stringContaining('--role-ceiling GLOB'),
    });
    expect(setup(['--version']).outcome).toEqual({ kind: 'version' });
  });
});
