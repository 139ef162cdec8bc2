import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flagsDoc } from '@rolegate/runtime';
import { parseServerConfig, serverProgram } from '../../src/config/config.ts';

const needed = ['--cert=c.pem', '--key=k.pem', '--ca=ca.pem', '--region=eu-central-1'];

function setup(argv: readonly string[]) {
  const outcome = parseServerConfig({ argv: [...needed, ...argv], env: {} });
  return {
    config: outcome.kind === 'config' ? outcome.config : undefined,
    warnings: outcome.kind === 'config' ? outcome.warnings : [],
    faults: outcome.kind === 'faults' ? outcome.faults : [],
  };
}

/** Each row of the tables of kiam's server (v4.2) and of kube2iam (0.15). */
const verdicts = {
  accepted: [
    'bind',
    'cert',
    'key',
    'ca',
    'kubeconfig',
    'role-base-arn',
    'role-base-arn-autodetect',
    'region',
    'session-duration',
    'assume-role-arn',
    'prometheus-listen-addr',
    'level',
    'json-log',
    'base-role-arn',
    'auto-discover-base-arn',
    'default-role',
    'namespace-restrictions',
    'use-regional-sts-endpoint',
    'resolve-duplicate-cache-ips',
    'log-level',
    'log-format',
    'verbose',
  ],
  ignored: [
    'session',
    'session-refresh',
    'sync',
    'fetchers',
    'prefetch-buffer-size',
    'grpc-keepalive-time-duration',
    'grpc-keepalive-timeout-duration',
    'grpc-max-connection-idle-duration',
    'grpc-max-connection-age-duration',
    'grpc-max-connection-age-grace-duration',
    'prometheus-sync-interval',
    'pprof-listen-addr',
    'statsd',
    'statsd-prefix',
    'statsd-interval',
    'strict-namespace-regexp',
    'iam-role-session-ttl',
    'iam-role-error-ttl',
    'cache-resync-period',
    'backoff-max-elapsed-time',
    'backoff-max-interval',
    'debug',
  ],
  refused: [
    'disable-strict-namespace-regexp',
    'auto-discover-default-role',
    'api-server',
    'api-token',
    'insecure',
    'iam-role-key',
    'iam-external-id',
    'namespace-key',
    'namespace-restriction-format',
    'app-port',
    'metrics-port',
    'iptables',
    'host-interface',
    'host-ip',
    'node',
    'metadata-addr',
  ],
};

function given(name: string): string {
  return serverProgram.legacy[name]?.isSwitch === true ? `--${name}` : `--${name}=something`;
}

describe('Legacy flags', () => {
  it('The legacy flags of kiam and kube2iam are accepted, ignored and refused as listed in this test', () => {
    const rows = Object.entries(serverProgram.legacy).map(([name, { verdict }]) => `${verdict} ${name}`);
    const wanted = Object.entries(verdicts).flatMap(([verdict, names]) =>
      names.map((name) => `${verdict} ${name}`),
    );
    expect(rows.sort()).toEqual(wanted.sort());
  });

  it.each(verdicts.ignored)('The legacy flag --%s is ignored with a warning', (name) => {
    expect(setup([given(name)])).toMatchObject({
      faults: [],
      warnings: [`--${name} is ignored: ${serverProgram.legacy[name]?.why ?? ''}`],
    });
  });

  it.each(verdicts.refused)('The legacy flag --%s is refused with a hint', (name) => {
    const { faults } = setup([given(name)]);
    expect(faults).toEqual([`--${name} is refused: ${serverProgram.legacy[name]?.why ?? ''}`]);
    expect(faults.join('')).not.toContain('something');
  });

  it('A legacy flag that is accepted is a flag of the server, sets one, or is a switch that is always on', () => {
    const own = Object.keys(serverProgram.flags);
    for (const name of verdicts.accepted.filter((flag) => !own.includes(flag))) {
      const { as, isSwitch } = serverProgram.legacy[name] ?? {};
      expect([name, as === undefined ? isSwitch === true : own.includes(as)]).toEqual([name, true]);
    }
  });

  it.each([
    { argv: ['--level=debug'], part: { log: { level: 'debug', format: 'json' } } },
    { argv: ['--level', 'warning'], part: { log: { level: 'warn' } } },
    { argv: ['--json-log'], part: { log: { format: 'json' } } },
    { argv: ['--no-json-log'], part: { log: { format: 'text' } } },
    { argv: ['--verbose'], part: { log: { level: 'debug' } } },
    { argv: ['--verbose=false'], part: { log: { level: 'info' } } },
    {
      argv: ['--base-role-arn=arn:aws:iam::123456789012:role/'],
      part: { roles: { baseArn: 'arn:aws:iam::123456789012:role/' } },
    },
    { argv: ['--role-base-arn-autodetect'], part: { roles: { baseArn: undefined } } },
    { argv: ['--namespace-restrictions', '--namespace-restriction-format=glob'], part: {} },
    { argv: ['--iam-role-key=iam.amazonaws.com/role', '--assume-role-arn=', '--no-debug'], part: {} },
    { argv: ['--no-disable-strict-namespace-regexp', '--iptables=false'], part: {} },
  ])('The legacy flags $argv are accepted without a warning', ({ argv, part }) => {
    expect(setup(argv)).toMatchObject({ config: part, warnings: [], faults: [] });
  });

  it.each([
    {
      argv: ['--no-namespace-restrictions'],
      fault:
        '--no-namespace-restrictions is refused: Namespace restrictions are always on; ' +
        'use --namespace-policy audit during a migration',
    },
    {
      argv: ['--role-base-arn-autodetect', '--role-base-arn=arn:aws:iam::123456789012:role/'],
      fault: '--role-base-arn-autodetect: conflicts with --role-base-arn; leave one of them out',
    },
  ])('The legacy flags $argv are refused', ({ argv, fault }) => {
    expect(setup(argv).faults).toEqual([fault]);
  });

  it("A full command line of kiam's server is accepted with three warnings", () => {
    const argv = [
      'server',
      '--json-log',
      '--level=info',
      '--bind=0.0.0.0:443',
      '--role-base-arn-autodetect',
      '--sync=1m',
      '--session-duration=15m',
      '--prometheus-listen-addr=0.0.0.0:9620',
      '--prometheus-sync-interval=5s',
    ];
    const outcome = parseServerConfig({ argv: [...argv, ...needed], env: {} });
    expect(outcome).toMatchObject({
      kind: 'config',
      config: { listen: { port: 443 }, sessions: { durationMs: 3_600_000 } },
    });
    expect(outcome).toHaveProperty('warnings.length', 3);
  });
});

describe('docs/flags.md', () => {
  it("The page has the server's flags as they are (npm run generate writes it)", () => {
    const page = readFileSync(new URL('../../../../docs/flags.md', import.meta.url), 'utf8');
    expect(page).toContain(flagsDoc(serverProgram));
  });
});
