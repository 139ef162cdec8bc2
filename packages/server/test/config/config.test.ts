import { describe, expect, it } from 'vitest';
import { serverProgram } from '../../src/config/config.ts';
import { needed, setup } from './given.ts';

/** An hour. Milliseconds. */
const HOUR_MS = 3_600_000;

describe('Server configuration', () => {
  it('The configuration has its defaults if only the required flags are given', () => {
    expect(setup()).toMatchObject({ warnings: [], faults: [] });
    expect(setup().config).toEqual({
      listen: { host: '0.0.0.0', port: 9610 },
      attestListen: { host: '0.0.0.0', port: 9611 },
      opsListen: { host: '0.0.0.0', port: 9620 },
      probeListen: { host: '0.0.0.0', port: 9622 },
      statusSocket: undefined,
      tls: { certFile: 'c.pem', keyFile: 'k.pem', caFile: 'ca.pem' },
      authority: {
        namespace: '',
        name: 'rolegate-authority',
        ageMs: 8760 * HOUR_MS,
        serverNames: ['rolegate-server'],
      },
      agents: { identity: 'attested', serviceAccounts: [], daemonSets: [], startupTaints: [] },
      trustDomain: 'rolegate',
      tokenSecretFile: undefined,
      streamAgeMs: 1_800_000,
      drainTimeoutMs: 10_000,
      kubeconfigFile: undefined,
      clusterName: '',
      roles: { baseArn: undefined, ceilings: [], namespacePolicy: 'enforce', defaultRole: undefined },
      sessions: {
        scope: 'workload',
        durationMs: HOUR_MS,
        nameTemplate: undefined,
        sourceIdentityTemplate: undefined,
        tagTemplates: {},
      },
      sts: {
        region: 'eu-central-1',
        endpoint: undefined,
        fips: false,
        dualStack: false,
        assumedRoleArn: undefined,
        rate: 100,
        burst: 500,
      },
      containerCredentials: { audience: 'rolegate', issuers: [] },
      log: { level: 'info', format: 'json' },
    });
  });

  const everything: readonly { flag: string; text: string; part: object }[] = [
    { flag: 'bind', text: '[::]:9610', part: { listen: { host: '::', port: 9610 } } },
    { flag: 'attest-bind', text: '[::]:9612', part: { attestListen: { host: '::', port: 9612 } } },
    { flag: 'probe-bind', text: '[::1]:0', part: { probeListen: { host: '::1', port: 0 } } },
    {
      flag: 'prometheus-listen-addr',
      text: '127.0.0.1:0',
      part: { opsListen: { host: '127.0.0.1', port: 0 } },
    },
    { flag: 'cert', text: 'x', part: { tls: { certFile: 'x' } } },
    { flag: 'key', text: 'x', part: { tls: { keyFile: 'x' } } },
    { flag: 'ca', text: 'x', part: { tls: { caFile: 'x' } } },
    { flag: 'namespace', text: 'iam', part: { agents: { serviceAccounts: ['iam/rolegate-agent'] } } },
    { flag: 'authority-secret', text: 'iam/ca', part: { authority: { namespace: 'iam', name: 'ca' } } },
    { flag: 'authority-age', text: '168h', part: { authority: { ageMs: 168 * HOUR_MS } } },
    { flag: 'server-name', text: 'a.example,b', part: { authority: { serverNames: ['a.example', 'b'] } } },
    { flag: 'agent-identity', text: 'attested', part: { agents: { identity: 'attested' } } },
    {
      flag: 'agent-service-account',
      text: 'a/b,c/d',
      part: { agents: { serviceAccounts: ['a/b', 'c/d'] } },
    },
    { flag: 'startup-taint', text: 'a,b/c', part: { agents: { startupTaints: ['a', 'b/c'] } } },
    { flag: 'agent-daemonset', text: 'x,y', part: { agents: { daemonSets: ['x', 'y'] } } },
    { flag: 'trust-domain', text: 'example.org', part: { trustDomain: 'example.org' } },
    { flag: 'token-secret-file', text: '/s', part: { tokenSecretFile: '/s' } },
    { flag: 'stream-age', text: '1m', part: { streamAgeMs: 60_000 } },
    { flag: 'drain-timeout', text: '500ms', part: { drainTimeoutMs: 500 } },
    {
      flag: 'container-credentials-audience',
      text: 'credentials.example',
      part: { containerCredentials: { audience: 'credentials.example' } },
    },
    {
      flag: 'service-account-issuer',
      text: 'https://kubernetes.example',
      part: { containerCredentials: { issuers: ['https://kubernetes.example'] } },
    },
    { flag: 'kubeconfig', text: '/k', part: { kubeconfigFile: '/k' } },
    { flag: 'cluster-name', text: 'prod', part: { clusterName: 'prod' } },
    {
      flag: 'role-base-arn',
      text: 'arn:aws:iam::123456789012:role',
      part: { roles: { baseArn: 'arn:aws:iam::123456789012:role/' } },
    },
    {
      flag: 'role-ceiling',
      text: 'arn:aws:iam::*:role/a,b',
      part: { roles: { ceilings: ['arn:aws:iam::*:role/a,b'] } },
    },
    { flag: 'namespace-policy', text: 'audit', part: { roles: { namespacePolicy: 'audit' } } },
    { flag: 'default-role', text: 'team/app', part: { roles: { defaultRole: 'team/app' } } },
    { flag: 'session-scope', text: 'pod', part: { sessions: { scope: 'pod' } } },
    { flag: 'session-duration', text: '55m', part: { sessions: { durationMs: 3_300_000 } } },
    { flag: 'allow-short-sessions', text: 'true', part: { sessions: { durationMs: HOUR_MS } } },
    {
      flag: 'session-name-template',
      text: 'x-{namespace}',
      part: { sessions: { nameTemplate: 'x-{namespace}' } },
    },
    {
      flag: 'source-identity-template',
      text: '{serviceAccount}',
      part: { sessions: { sourceIdentityTemplate: '{serviceAccount}' } },
    },
    {
      flag: 'session-tag',
      text: 'team={namespace}',
      part: { sessions: { tagTemplates: { team: '{namespace}' } } },
    },
    { flag: 'region', text: 'us-gov-west-1', part: { sts: { region: 'us-gov-west-1' } } },
    {
      flag: 'sts-endpoint',
      text: 'http://127.0.0.1:5000/',
      part: { sts: { endpoint: 'http://127.0.0.1:5000' } },
    },
    { flag: 'sts-fips', text: 'true', part: { sts: { fips: true } } },
    { flag: 'sts-dualstack', text: 'true', part: { sts: { dualStack: true } } },
    {
      flag: 'assume-role-arn',
      text: 'arn:aws:iam::123456789012:role/hop',
      part: { sts: { assumedRoleArn: 'arn:aws:iam::123456789012:role/hop' } },
    },
    { flag: 'sts-rate', text: '7', part: { sts: { rate: 7 } } },
    { flag: 'sts-burst', text: '9', part: { sts: { burst: 9 } } },
    { flag: 'status-socket', text: '/run/s.sock', part: { statusSocket: '/run/s.sock' } },
    { flag: 'log-level', text: 'debug', part: { log: { level: 'debug' } } },
    { flag: 'log-format', text: 'text', part: { log: { format: 'text' } } },
  ];

  it('Every flag of the server has a row in this test', () => {
    expect(everything.map(({ flag }) => flag).sort()).toEqual(Object.keys(serverProgram.flags).sort());
  });

  it.each(everything)(
    'The configuration takes --$flag $text, also as an environment variable',
    ({ flag, text, part }) => {
      const at = needed.indexOf(`--${flag}`);
      const base = at < 0 ? needed : needed.toSpliced(at, 2);
      expect(setup([`--${flag}`, text], { base }).config).toMatchObject(part);
      const env = { [`ROLEGATE_${flag.toUpperCase().replaceAll('-', '_')}`]: text };
      expect(setup([], { base, env }).config).toMatchObject(part);
    },
  );

  it('The server uses its own authority if no certificate is given', () => {
    const base = ['--region=eu-west-1'];
    const { config } = setup([], { base, podNamespace: 'iam' });
    expect([config.tls, config.authority.namespace, config.agents.serviceAccounts]).toEqual([
      undefined,
      'iam',
      ['iam/rolegate-agent'],
    ]);
    expect(config.authority.serverNames).toEqual([
      'rolegate-server',
      'rolegate-server.iam',
      'rolegate-server.iam.svc',
      'rolegate-server.iam.svc.cluster.local',
    ]);
    const env = { POD_NAMESPACE: 'other' };
    expect(setup([], { base, env, podNamespace: 'iam' }).config.authority.namespace).toBe('other');
  });

  it('The configuration warns if agents share a certificate', () => {
    const { config, warnings } = setup(['--agent-identity=shared']);
    expect(config.agents.identity).toBe('shared');
    expect(warnings).toEqual([
      '--agent-identity shared: the key of any agent gives access to the credentials of every node',
    ]);
  });

  it('The configuration is frozen with all its parts', () => {
    const { config } = setup(['--session-tag=a=b', '--role-ceiling=*']);
    const parts = [
      config,
      ...Object.values({ ...config }),
      config.roles.ceilings,
      config.sessions.tagTemplates,
    ];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  it.each([
    { env: { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, region: 'eu-west-1' },
    { env: { AWS_DEFAULT_REGION: 'eu-west-2' }, region: 'eu-west-2' },
    { env: { ROLEGATE_REGION: 'eu-west-3', AWS_REGION: 'eu-west-1' }, region: 'eu-west-3' },
  ])('The configuration reads the region $region from $env', ({ env, region }) => {
    expect(setup([], { env, base: needed.slice(0, 6) }).config.sts.region).toBe(region);
  });

  it('No region is required if --sts-endpoint is given', () => {
    expect(setup(['--sts-endpoint=http://127.0.0.1:1'], { base: needed.slice(0, 6) }).config.sts.region).toBe(
      'us-east-1',
    );
  });
});
