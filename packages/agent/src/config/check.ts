import { isIPv4 } from 'node:net';
import type { CheckOutcome, FlagValues } from '@rolegate/runtime';
import { endpointFlags, serverFlags } from './flags.ts';
import type { agentFlags, firewallFlags } from './flags.ts';
import { hostIpFaults } from './host-ips.ts';
import { warningsFor } from '../node-imds/allow-path.ts';

type Values = Partial<FlagValues<typeof agentFlags> | FlagValues<typeof firewallFlags>>;

/** Checks that span several flags. `given` holds the flags that were set explicitly. */
export function checkAgentFlags(values: Values, given: ReadonlySet<string>): CheckOutcome {
  const risks = warningsFor(values['allow-path'] ?? []).map(
    ({ expression, path, risk }) => `--allow-path ${JSON.stringify(expression)} matches ${path}: ${risk}`,
  );
  return {
    faults: [
      ...hostIpFaults(values['host-ip'] ?? []),
      ...portFaults(values),
      ...endpointFaults(values),
      ...groupFaults(values),
      ...limitFaults(values),
      ...sourceFaults(given),
      ...pairFaults(values, given),
    ],
    warnings: [
      ...risks,
      ...attestWarnings(values, given),
      ...(values.mode === 'firewall' ? firewallWarnings(values, given) : []),
    ],
  };
}

/** Pods must not be able to read /metrics, and the network must not reach the port of kubelet's probe. */
function portFaults({ port, 'prometheus-listen-addr': ops, 'probe-bind': probes }: Values): string[] {
  const isSame = (one?: number, other?: number) => one !== undefined && one !== 0 && one === other;
  return [
    ...(isSame(port, ops?.port)
      ? [`--prometheus-listen-addr: port ${port} is already --port, which serves Pods; use another`]
      : []),
    ...(isSame(port, probes?.port)
      ? [`--probe-bind: port ${port} is already --port, which serves Pods; use another`]
      : []),
    ...(isSame(ops?.port, probes?.port)
      ? [`--probe-bind: port ${ops?.port} is already used by --prometheus-listen-addr; use another`]
      : []),
    ...(probes !== undefined && !isLoopback(probes.host)
      ? [`--probe-bind: ${probes.host} is not a loopback address; use 127.0.0.1 or ::1`]
      : []),
  ];
}

/** A port tells the endpoints apart, and Pods must not reach the other ports at its addresses. */
function endpointFaults(values: Values): string[] {
  if (values['container-credentials'] !== true) return [];
  const others = [
    ['--port', values.port],
    ['--prometheus-listen-addr', values['prometheus-listen-addr']?.port],
    ['--probe-bind', values['probe-bind']?.port],
  ] as const;
  const ports = new Set((values['container-credentials-bind'] ?? []).map(({ port }) => port));
  return others.flatMap(([flag, port]) =>
    port !== undefined && port !== 0 && ports.has(port)
      ? [`${flag}: port ${port} serves container credentials; use another`]
      : [],
  );
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function groupFaults({ 'metadata-groups': words = [] }: Values): string[] {
  return words.includes('none') && words.length > 1
    ? ['--metadata-groups: none cannot be combined with groups']
    : [];
}

/** One Pod must not be able to use up the limit shared by all Pods. */
function limitFaults(values: Values): string[] {
  const pairs = [
    ['connections-per-pod', 'connections'],
    ['waiting-per-pod', 'waiting'],
  ] as const;
  return pairs.flatMap(([ofPod, ofAll]) => {
    const [one = 0, all = one] = [values[ofPod], values[ofAll]];
    return one > all ? [`--${ofPod}: ${one} exceeds --${ofAll} (${all}); lower it`] : [];
  });
}

function sourceFaults(given: ReadonlySet<string>): string[] {
  return given.has('cni-socket') && given.has('cni-cache-dir')
    ? [
        '--cni-socket cannot be combined with --cni-cache-dir; give --cni-cache-dir to rolegate-agent reconcile',
      ]
    : [];
}

/** A certificate needs its key. Firewall mode uses neither. */
function pairFaults({ mode }: Values, given: ReadonlySet<string>): string[] {
  const [there, away] = given.has('cert') ? ['cert', 'key'] : ['key', 'cert'];
  return mode !== 'firewall' && given.has(there) && !given.has(away)
    ? [`--${there} needs --${away}; give both, or neither to get a certificate from the server`]
    : [];
}

/** An agent with a user-provided certificate does not attest. */
function attestWarnings({ mode }: Values, given: ReadonlySet<string>): string[] {
  return mode !== 'firewall' && given.has('attest-address') && given.has('cert')
    ? ['--attest-address is ignored because --cert is set']
    : [];
}

/** Warns about flags that firewall mode ignores, and about paths that it still opens. */
function firewallWarnings(
  { 'metadata-groups': groups = [], 'allow-path': expressions = [] }: Values,
  given: ReadonlySet<string>,
): string[] {
  const unused = [...serverFlags, ...endpointFlags].filter((name) => given.has(name));
  const opened = given.has('metadata-groups') ? groups.filter((word) => word !== 'none') : [];
  return [
    ...unused.map((name) => `--${name} is ignored in --mode firewall`),
    ...opened.map((group) => `--metadata-groups ${group} is open to all Pods even in --mode firewall`),
    ...expressions.map(
      (expression) =>
        `--allow-path ${JSON.stringify(expression)} is open to all Pods even in --mode firewall`,
    ),
  ];
}
