import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flagsDoc } from '@rolegate/runtime';
import { agentProgram, parseAgentConfig } from '../../src/config/config.ts';

const node = ['--node-name=node-1', '--host-ip=10.0.0.7'];
const tls = ['--cert=c.pem', '--key=k.pem', '--ca=ca.pem', '--server-address=localhost:9610'];

function setup(argv: readonly string[], base: readonly string[] = [...node, ...tls]) {
  const outcome = parseAgentConfig({ argv: [...argv, ...base], env: {} });
  return {
    config: outcome.kind === 'config' ? outcome.config : undefined,
    warnings: outcome.kind === 'config' ? outcome.warnings : [],
    faults: outcome.kind === 'faults' ? outcome.faults : [],
  };
}

/** Every flag of kiam's agent (v4.2), of kube2iam (0.15) and of Rolegate's other programs. */
const verdicts = {
  accepted: [
    'port',
    'host',
    'cert',
    'key',
    'ca',
    'server-address',
    'prometheus-listen-addr',
    'level',
    'json-log',
    'app-port',
    'host-ip',
    'node',
    'metrics-port',
    'metadata-addr',
    'log-level',
    'log-format',
    'verbose',
    'resolve-duplicate-cache-ips',
    'use-regional-sts-endpoint',
    'auto-discover-base-arn',
    'namespace-restrictions',
  ],
  ignored: [
    'iptables',
    'iptables-remove',
    'host-interface',
    'server-address-refresh',
    'gateway-timeout-creation',
    'grpc-keepalive-time-duration',
    'grpc-keepalive-timeout-duration',
    'grpc-keepalive-permit-without-stream',
    'prometheus-sync-interval',
    'pprof-listen-addr',
    'statsd',
    'statsd-prefix',
    'statsd-interval',
    'debug',
    'backoff-max-elapsed-time',
    'backoff-max-interval',
    'cache-resync-period',
    'iam-role-session-ttl',
    'iam-role-error-ttl',
    'exclude-interface',
  ],
  refused: [
    'allow-route-regexp',
    'whitelist-route-regexp',
    'allow-ip-query',
    'timeout',
    'base-role-arn',
    'default-role',
    'auto-discover-default-role',
    'namespace-restriction-format',
    'namespace-key',
    'iam-role-key',
    'iam-external-id',
    'kubeconfig',
    'api-server',
    'api-token',
    'insecure',
  ],
};

function given(name: string): string {
  return agentProgram.legacy[name]?.isSwitch === true ? `--${name}` : `--${name}=something`;
}

describe('Legacy flags', () => {
  it('Each legacy flag has its expected verdict', () => {
    const rows = Object.entries(agentProgram.legacy).map(([name, { verdict }]) => `${verdict} ${name}`);
    const wanted = Object.entries(verdicts).flatMap(([verdict, names]) =>
      names.map((name) => `${verdict} ${name}`),
    );
    expect(rows.sort()).toEqual(wanted.sort());
  });

  it.each(verdicts.ignored)('The legacy flag --%s is ignored with a warning', (name) => {
    expect(setup([given(name)])).toMatchObject({
      faults: [],
      warnings: [`--${name} is ignored: ${agentProgram.legacy[name]?.why ?? ''}`],
    });
  });

  it.each(verdicts.refused)('The legacy flag --%s is refused with a hint', (name) => {
    const { faults } = setup([given(name)]);
    expect(faults).toEqual([`--${name} is refused: ${agentProgram.legacy[name]?.why ?? ''}`]);
    expect(faults.join('')).not.toContain('something');
  });

  it('An accepted legacy flag is a flag of the agent, sets one, or is a switch for what is always so', () => {
    const own = Object.keys(agentProgram.flags);
    for (const name of verdicts.accepted.filter((flag) => !own.includes(flag))) {
      const { as, isSwitch } = agentProgram.legacy[name] ?? {};
      expect([name, as === undefined ? isSwitch === true : own.includes(as)]).toEqual([name, true]);
    }
  });

  it.each([
    { argv: ['--host=10.0.0.8', '--node-name=n'], part: { hostIps: ['10.0.0.8'] } },
    { argv: ['--node=node-2', '--host-ip=10.0.0.7'], part: { nodeName: 'node-2' } },
  ])('The legacy arguments $argv stand for flags of the agent', ({ argv, part }) => {
    expect(setup(argv, tls).config).toMatchObject(part);
  });

  it.each([
    { argv: ['--app-port=8282'], part: { port: 8282 } },
    { argv: ['--metrics-port', '9100'], part: { opsListen: { host: '0.0.0.0', port: 9100 } } },
    { argv: ['--metadata-addr=127.0.0.1:1338'], part: { imdsEndpoint: 'http://127.0.0.1:1338' } },
    { argv: ['--level', 'warn'], part: { log: { level: 'warn' } } },
    { argv: ['--no-json-log'], part: { log: { format: 'text' } } },
    { argv: ['--verbose'], part: { log: { level: 'debug' } } },
    { argv: ['--allow-route-regexp=^$', '--no-allow-ip-query', '--no-iptables-remove'], part: {} },
    { argv: ['--namespace-restrictions', '--auto-discover-base-arn', '--kubeconfig='], part: {} },
  ])('The legacy arguments $argv are accepted without a warning', ({ argv, part }) => {
    expect(setup(argv)).toMatchObject({ config: part, warnings: [], faults: [] });
  });

  it('Namespace restrictions cannot be switched off', () => {
    expect(setup(['--namespace-restrictions=false']).faults).toEqual([
      '--namespace-restrictions is refused: Namespaces always restrict roles; ' +
        'see --namespace-policy of rolegate-server',
    ]);
  });

  it("A whole command line of kiam's agent is accepted, with warnings for ignored flags", () => {
    const argv = [
      'agent',
      '--iptables',
      '--host-interface=cali+',
      '--json-log',
      '--level=info',
      '--port=8181',
      '--host=10.0.0.7',
      '--node-name=n',
      '--gateway-timeout-creation=1s',
      '--prometheus-listen-addr=0.0.0.0:9620',
    ];
    const { config, warnings } = setup(argv, tls);
    expect(config).toMatchObject({ port: 8181, hostIps: ['10.0.0.7'], opsListen: { port: 9620 } });
    expect(warnings).toEqual([
      '--iptables is ignored: rolegate-agent intercept installs the rules and rolegate-agent reconcile repairs them',
      '--host-interface is ignored: rolegate-agent intercept installs the rules and rolegate-agent reconcile repairs them; ' +
        'give the flag to these',
      expect.stringMatching(/^--gateway-timeout-creation is ignored: /),
    ]);
  });

  it('A warning says that rolegate-agent uninstall removes the rules', () => {
    expect(setup(['--iptables-remove']).warnings).toEqual([
      '--iptables-remove is ignored: the rules remain when an agent stops; rolegate-agent uninstall removes them',
    ]);
  });

  it('All faults of a kube2iam command line are reported together', () => {
    const argv = ['--base-role-arn=arn:aws:iam::123456789012:role/', '--iptables=true', '--host-ip=10.0.0.7'];
    expect(setup([...argv, '--node=node-1', '--default-role=app', '--insecure'], []).faults).toEqual([
      '--base-role-arn is refused: use --role-base-arn of rolegate-server',
      '--default-role is refused: this is a flag of rolegate-server',
      expect.stringMatching(/^--insecure is refused: the agent does not talk to the API server/),
      expect.stringMatching(/^--server-address: a value is required; /),
      expect.stringMatching(/^--ca: a value is required; /),
    ]);
  });
});

describe('docs/flags.md', () => {
  it("The page docs/flags.md has the agent's flags (node --conditions=development scripts/flags-doc.mjs writes it)", () => {
    const page = readFileSync(new URL('../../../../docs/flags.md', import.meta.url), 'utf8');
    expect(page).toContain(flagsDoc(agentProgram));
  });
});
