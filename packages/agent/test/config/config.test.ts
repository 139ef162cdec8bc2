import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { agentProgram, parseAgentConfig } from '../../src/config/config.ts';

const needed: Readonly<Record<string, string>> = {
  'server-address': 'localhost:9610',
  'node-name': 'node-1',
  'host-ip': '10.0.0.7',
  cert: 'c.pem',
  key: 'k.pem',
  ca: 'ca.pem',
};

interface Given {
  readonly env?: Record<string, string>;
  /** Required flags to leave out. */
  readonly without?: readonly string[];
}

function setup(argv: readonly string[] = [], { env = {}, without = [] }: Given = {}) {
  const base = Object.entries(needed).filter(([name]) => !without.includes(name));
  const outcome = parseAgentConfig({
    argv: [...base.map(([name, text]) => `--${name}=${text}`), ...argv],
    env,
  });
  return {
    outcome,
    get config() {
      if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
      return outcome.config;
    },
    warnings: outcome.kind === 'config' ? outcome.warnings : [],
    faults: outcome.kind === 'faults' ? outcome.faults : [],
  };
}

describe('Agent configuration', () => {
  it('Flags that are not given have their defaults', () => {
    expect(setup()).toMatchObject({ warnings: [], faults: [] });
    expect(setup().config).toEqual({
      mode: 'roles',
      serverAddresses: [{ host: 'localhost', port: 9610 }],
      attestAddresses: [{ host: 'localhost', port: 9611 }],
      serverName: undefined,
      tls: {
        kind: 'files',
        certFile: 'c.pem',
        keyFile: 'k.pem',
        caFile: 'ca.pem',
        tokenFile: undefined,
      },
      nodeName: 'node-1',
      hostIps: ['10.0.0.7'],
      cniCacheDirs: ['/var/lib/cni/results', '/var/lib/cni/cache/results'],
      cniSocket: undefined,
      staleIpMs: 300_000,
      port: 8181,
      imdsEndpoint: 'http://169.254.169.254',
      imdsv1: 'audit',
      holdMs: 850,
      holdGoMs: 400,
      holdPatientMs: 4_000,
      metadataGroups: new Set(['placement']),
      allowPaths: [],
      limits: { connectionsPerPod: 256, waitingPerPod: 256, connections: 4096, waiting: 4096 },
      metadataHosts: [],
      containerCredentials: {
        enabled: false,
        addresses: [
          { host: '169.254.170.23', port: 8182 },
          { host: 'fd00:ec2::23', port: 8182 },
        ],
        audience: 'rolegate',
      },
      opsListen: { host: '0.0.0.0', port: 9621 },
      probeListen: { host: '127.0.0.1', port: 9622 },
      statusSocket: undefined,
      log: { level: 'info', format: 'json', base: { node: 'node-1' } },
    });
  });

  const everything: readonly { flag: string; text: string; part: object }[] = [
    {
      flag: 'server-address',
      text: 'a:1,[::1]:2',
      part: {
        serverAddresses: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
        ],
      },
    },
    { flag: 'attest-address', text: 'a:3', part: { attestAddresses: [{ host: 'a', port: 3 }] } },
    { flag: 'server-name', text: 'Server.Example', part: { serverName: 'server.example' } },
    { flag: 'cert', text: 'x', part: { tls: { certFile: 'x' } } },
    { flag: 'key', text: 'x', part: { tls: { keyFile: 'x' } } },
    { flag: 'token-file', text: 'x', part: { tls: { kind: 'files', tokenFile: 'x' } } },
    { flag: 'ca', text: 'x', part: { tls: { caFile: 'x' } } },
    { flag: 'node-name', text: 'ip-10-0-0-7.ec2.internal', part: { nodeName: 'ip-10-0-0-7.ec2.internal' } },
    { flag: 'host-ip', text: '10.0.0.8,2001:DB8:0::8', part: { hostIps: ['10.0.0.8', '2001:db8::8'] } },
    { flag: 'cni-cache-dir', text: '/a,/b', part: { cniCacheDirs: ['/a', '/b'] } },
    { flag: 'cni-socket', text: '/run/r.sock', part: { cniSocket: '/run/r.sock' } },
    { flag: 'mode', text: 'firewall', part: { mode: 'firewall' } },
    { flag: 'stale-ip', text: '1m', part: { staleIpMs: 60_000 } },
    { flag: 'port', text: '0', part: { port: 0 } },
    {
      flag: 'imds-endpoint',
      text: 'http://127.0.0.1:1338/',
      part: { imdsEndpoint: 'http://127.0.0.1:1338' },
    },
    { flag: 'imdsv1', text: 'deny', part: { imdsv1: 'deny' } },
    { flag: 'hold', text: '2s', part: { holdMs: 2000 } },
    { flag: 'hold-go', text: '100ms', part: { holdGoMs: 100 } },
    { flag: 'connections-per-pod', text: '300', part: { limits: { connectionsPerPod: 300 } } },
    { flag: 'waiting-per-pod', text: '300', part: { limits: { waitingPerPod: 300 } } },
    { flag: 'connections', text: '9000', part: { limits: { connections: 9000 } } },
    { flag: 'waiting', text: '9000', part: { limits: { waiting: 9000 } } },
    { flag: 'hold-patient', text: '0', part: { holdPatientMs: 0 } },
    {
      flag: 'metadata-groups',
      text: 'instance,tags',
      part: { metadataGroups: new Set(['instance', 'tags']) },
    },
    {
      flag: 'allow-path',
      text: '/latest/meta-data/a{1,2}',
      part: { allowPaths: ['/latest/meta-data/a{1,2}'] },
    },
    { flag: 'metadata-host', text: 'LOCALHOST,[::1]', part: { metadataHosts: ['localhost', '::1'] } },
    { flag: 'container-credentials', text: 'true', part: { containerCredentials: { enabled: true } } },
    {
      flag: 'container-credentials-bind',
      text: '127.0.0.1:0,[::1]:8182',
      part: {
        containerCredentials: {
          addresses: [
            { host: '127.0.0.1', port: 0 },
            { host: '::1', port: 8182 },
          ],
        },
      },
    },
    {
      flag: 'container-credentials-audience',
      text: 'credentials.example',
      part: { containerCredentials: { audience: 'credentials.example' } },
    },
    { flag: 'prometheus-listen-addr', text: ':9000', part: { opsListen: { host: '0.0.0.0', port: 9000 } } },
    { flag: 'probe-bind', text: '[::1]:9700', part: { probeListen: { host: '::1', port: 9700 } } },
    { flag: 'status-socket', text: '/run/s.sock', part: { statusSocket: '/run/s.sock' } },
    { flag: 'log-level', text: 'error', part: { log: { level: 'error' } } },
    { flag: 'state-dir', text: '/run/state', part: { stateDir: '/run/state' } },
    { flag: 'log-format', text: 'text', part: { log: { format: 'text' } } },
  ];

  it('Every flag of the agent has a test case', () => {
    expect(everything.map(({ flag }) => flag).sort()).toEqual(Object.keys(agentProgram.flags).sort());
  });

  it.each(everything)(
    'The agent accepts --$flag $text, also from its environment variable',
    ({ flag, text, part }) => {
      expect(setup([`--${flag}`, text], { without: [flag] }).config).toMatchObject(part);
      const env = { [`ROLEGATE_${flag.toUpperCase().replaceAll('-', '_')}`]: text };
      expect(setup([], { without: [flag], env }).config).toMatchObject(part);
    },
  );

  it('Node name and host IP come from the downward API variables unless flags set them', () => {
    const env = { NODE_NAME: 'node-2', HOST_IP: '10.0.0.9' };
    expect(setup([], { without: ['node-name', 'host-ip'], env }).config).toMatchObject({
      nodeName: 'node-2',
      hostIps: ['10.0.0.9'],
    });
    expect(setup([], { env }).config).toMatchObject({ nodeName: 'node-1', hostIps: ['10.0.0.7'] });
  });

  it('Without --cert and --key the agent gets a certificate by its ServiceAccount token', () => {
    const without = ['cert', 'key'];
    expect(setup([], { without }).config).toMatchObject({
      tls: { kind: 'attested', caFile: 'ca.pem', tokenFile: '/var/run/secrets/rolegate/token' },
    });
    expect(setup(['--token-file=/t'], { without }).config).toMatchObject({
      tls: { kind: 'attested', tokenFile: '/t' },
    });
    expect(setup([], { without }).warnings).toEqual([]);
  });

  it('By default the agent attests at port 9611 of each server, once per host', () => {
    const { config } = setup(['--server-address=a:1,a:2,[fd00::1]:1'], { without: ['server-address'] });
    expect(config).toMatchObject({
      attestAddresses: [
        { host: 'a', port: 9611 },
        { host: 'fd00::1', port: 9611 },
      ],
    });
  });

  it('A warning says that --attest-address is ignored if --cert is set', () => {
    expect(setup(['--attest-address=a:1']).warnings).toEqual([
      '--attest-address is ignored because --cert is set',
    ]);
    expect(setup(['--attest-address=a:1'], { without: ['cert', 'key'] }).warnings).toEqual([]);
  });

  it('No metadata group is open with --metadata-groups none', () => {
    expect(setup(['--metadata-groups=none']).config.metadataGroups.size).toBe(0);
  });

  it('The configuration is frozen, with all its parts', () => {
    const { metadataGroups, ...config } = setup().config;
    expect(metadataGroups.size).toBe(1);
    expect([setup().config, ...Object.values(config)].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('A warning says what --allow-path opens', () => {
    expect(setup(['--allow-path=/latest/user-data']).warnings).toEqual([
      '--allow-path "/latest/user-data" matches user-data: ' +
        "every Pod can read the node's user data, which often holds bootstrap secrets",
    ]);
  });
});

describe('Firewall mode configuration', () => {
  const server = ['server-address', 'cert', 'key', 'ca'];
  const alone = { without: server };

  it('Firewall mode needs no server flags, and opens no metadata group by default', () => {
    const { config, warnings } = setup(['--mode=firewall'], alone);
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({ mode: 'firewall', nodeName: 'node-1', hostIps: ['10.0.0.7'] });
    expect(Object.keys(config)).not.toEqual(expect.arrayContaining(['tls']));
    expect(config.metadataGroups.size).toBe(0);
    expect([config, config.log].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('In firewall mode --cert without --key is not a fault', () => {
    expect(setup(['--mode=firewall'], { without: ['key'] }).faults).toEqual([]);
  });

  it('Firewall mode can be set by the environment, without server flags', () => {
    expect(setup([], { ...alone, env: { ROLEGATE_MODE: 'firewall' } }).config.mode).toBe('firewall');
  });

  it('In firewall mode a warning names each server flag that is set but ignored', () => {
    const { config, warnings } = setup([
      '--mode=firewall',
      '--attest-address=a:1',
      '--server-name=s',
      '--token-file=t',
    ]);
    expect(config.mode).toBe('firewall');
    expect(warnings).toEqual(
      ['server-address', 'attest-address', 'server-name', 'cert', 'key', 'token-file', 'ca'].map(
        (name) => `--${name} is ignored in --mode firewall`,
      ),
    );
  });

  it('In firewall mode container credentials are ignored, and a warning says so', () => {
    const { warnings } = setup(['--mode=firewall', '--container-credentials']);
    expect(warnings).toContain('--container-credentials is ignored in --mode firewall');
  });

  it('In firewall mode a warning names each metadata group and path that is open', () => {
    const argv = [
      '--mode=firewall',
      '--metadata-groups=placement,tags',
      '--allow-path=/latest/meta-data/mac',
    ];
    const { config, warnings } = setup(argv, alone);
    expect(config.metadataGroups).toEqual(new Set(['placement', 'tags']));
    expect(warnings).toEqual([
      '--metadata-groups placement is open to all Pods even in --mode firewall',
      '--metadata-groups tags is open to all Pods even in --mode firewall',
      '--allow-path "/latest/meta-data/mac" is open to all Pods even in --mode firewall',
    ]);
  });

  it('In firewall mode --metadata-groups none opens nothing and causes no warning', () => {
    const { config, warnings } = setup(['--mode=firewall', '--metadata-groups=none'], alone);
    expect([config.metadataGroups.size, warnings]).toEqual([0, []]);
  });

  it('In firewall mode all missing and invalid flags are reported together', () => {
    const argv = ['--mode=firewall', '--port=x'];
    expect(setup(argv, { without: Object.keys(needed) }).faults).toEqual([
      '--node-name: a value is required; set it from spec.nodeName with the downward API',
      '--host-ip: a value is required; set it from status.hostIP with the downward API',
      expect.stringMatching(/^--port: "x" is not a whole number/),
    ]);
  });
});

describe('Configuration faults', () => {
  it('All missing flags are reported together', () => {
    expect(setup([], { without: Object.keys(needed) }).faults).toEqual([
      expect.stringMatching(/^--server-address: a value is required; give the headless Service/),
      '--ca: a value is required; give the PEM file of the certificate authority',
      '--node-name: a value is required; set it from spec.nodeName with the downward API',
      '--host-ip: a value is required; set it from status.hostIP with the downward API',
    ]);
  });

  it('If the mode is unknown, the flags that roles mode needs are reported as missing', () => {
    expect(setup(['--mode=x'], { without: ['ca'] }).faults).toEqual([
      '--ca: a value is required; give the PEM file of the certificate authority',
      expect.stringMatching(/^--mode: unknown value "x"; /),
    ]);
  });

  it.each([
    ['cert', 'key'],
    ['key', 'cert'],
  ])('The flag --%s is refused without --%s', (there, away) => {
    expect(setup([], { without: [away] }).faults).toEqual([
      `--${there} needs --${away}; give both, or neither to get a certificate from the server`,
    ]);
  });

  it.each([
    {
      argv: ['--server-address', 'localhost'],
      fault: /^--server-address: "localhost" is not an address with a port; /,
    },
    {
      argv: ['--server-address', 'localhost:0'],
      fault: /^--server-address: "localhost:0" is not an address/,
    },
    {
      argv: ['--node-name', 'Node 1'],
      fault: /^--node-name: "Node 1" is not a valid name of a Kubernetes Node; /,
    },
    { argv: ['--host-ip', 'node'], fault: /^--host-ip: "node" is not an IP address; / },
    {
      argv: ['--host-ip', '10.0.0.8,10.0.0.9'],
      fault: /^--host-ip: 10.0.0.8, 10.0.0.9 has several addresses of one family; /,
    },
    { argv: ['--host-ip', '0.0.0.0'], fault: /^--host-ip: 0.0.0.0 is not an address of the node; / },
    {
      argv: ['--host-ip', 'fd00:ec2:0::254'],
      fault: /^--host-ip: fd00:ec2::254 is not an address of the node; /,
    },
    {
      argv: ['--port', '9621'],
      fault: /^--prometheus-listen-addr: port 9621 is already --port, which serves Pods; /,
    },
    {
      argv: ['--metrics-port', '8181'],
      fault: /^--prometheus-listen-addr: port 8181 is already --port/,
    },
    {
      argv: ['--probe-bind', '127.0.0.1:8181'],
      fault: /^--probe-bind: port 8181 is already --port, which serves Pods; /,
    },
    {
      argv: ['--metrics-port', '9622'],
      fault: /^--probe-bind: port 9622 is already used by --prometheus-listen-addr; /,
    },
    { argv: ['--probe-bind', ':9622'], fault: /^--probe-bind: 0.0.0.0 is not a loopback address; / },
    { argv: ['--probe-bind', '[fd00::7]:9622'], fault: /^--probe-bind: fd00::7 is not a loopback address; / },
    {
      argv: ['--probe-bind', 'localhost:9622'],
      fault: /^--probe-bind: localhost is not a loopback address; /,
    },
    { argv: ['--metrics-port', 'x'], fault: /^--metrics-port: "0.0.0.0:x" is not an address with a port; / },
    { argv: ['--imds-endpoint', 'https://127.0.0.1'], fault: /^--imds-endpoint: .* is not a URL; / },
    { argv: ['--imdsv1', 'no'], fault: /^--imdsv1: unknown value "no"; use allow, audit or deny$/ },
    { argv: ['--hold', '2m'], fault: /^--hold: "2m" is too long; use 1m or less$/ },
    {
      argv: ['--metadata-groups', 'placement,user-data'],
      fault: /^--metadata-groups: unknown value "user-data"; /,
    },
    {
      argv: ['--metadata-groups', 'none,tags'],
      fault: /^--metadata-groups: none cannot be combined with groups$/,
    },
    { argv: ['--allow-path', '('], fault: /^--allow-path: "\(" is not an RE2 expression/ },
    { argv: ['--mode', 'audit'], fault: /^--mode: unknown value "audit"; use roles or firewall$/ },
    {
      argv: ['--cni-socket=/s', '--cni-cache-dir=/d'],
      fault: /^--cni-socket cannot be combined with --cni-cache-dir; /,
    },
    {
      argv: ['--connections-per-pod=5000'],
      fault: /^--connections-per-pod: 5000 exceeds --connections \(\d+\); lower it$/,
    },
    {
      argv: ['--waiting=300', '--waiting-per-pod=301'],
      fault: /^--waiting-per-pod: 301 exceeds --waiting \(300\); lower it$/,
    },
    { argv: ['--connections-per-pod=15'], fault: /^--connections-per-pod: / },
    {
      argv: ['--container-credentials', '--port', '8182'],
      fault: /^--port: port 8182 serves container credentials; use another$/,
    },
    {
      argv: ['--container-credentials', '--container-credentials-bind', '127.0.0.1:9622'],
      fault: /^--probe-bind: port 9622 serves container credentials; /,
    },
    {
      argv: ['--host-ip', '169.254.170.23'],
      fault: /^--host-ip: 169.254.170.23 is not an address of the node; /,
    },
    {
      argv: ['--container-credentials-audience', 'rolegate-server'],
      fault:
        /^--container-credentials-audience: "rolegate-server" must not be used: agents prove .*; choose /,
    },
    {
      argv: ['--container-credentials-audience', 'https://kubernetes.default.svc'],
      fault: /^--container-credentials-audience: .*: it is an audience of the API server, /,
    },
    { argv: ['--metadata-host', 'a:80'], fault: /^--metadata-host: "a:80" is not a host name; / },
  ])('The agent refuses $argv with one fault, which names the flag', ({ argv, fault }) => {
    const without = argv.map((arg) => arg.replace('--', ''));
    expect(setup(argv, { without }).faults).toEqual([expect.stringMatching(fault)]);
  });

  it('Arbitrary arguments give an outcome and cause no exception', () => {
    const names = [...Object.keys(agentProgram.flags), ...Object.keys(agentProgram.legacy)].map(
      (name) => `--${name}`,
    );
    const piece = fc.oneof(
      fc.constantFrom(...names),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('(', '::1', 'a:1'),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.subarray(Object.keys(needed)), (argv, without) => {
        expect(['config', 'faults', 'help', 'version']).toContain(setup(argv, { without }).outcome.kind);
      }),
    );
  });

  it('The agent shows help with -h and its version with --version', () => {
    expect(setup(['-h']).outcome).toMatchObject({
      kind: 'help',
      text: expect.stringContaining('--hold-go DURATION'),
    });
    expect(setup(['--version']).outcome).toEqual({ kind: 'version' });
  });
});
