import { isIPv4 } from 'node:net';
import type { CheckOutcome, FlagValues } from '@rolegate/runtime';
import { serverFlags } from './flags.ts';
import type { agentFlags, firewallFlags } from './flags.ts';
import { hostIpFaults } from './host-ips.ts';
import { warningsFor } from '../node-imds/allow-path.ts';

type Values = Partial<FlagValues<typeof agentFlags> | FlagValues<typeof firewallFlags>>;

/** The rules between the agent's flags. `given`: those that were not left to their defaults. */
export function checkAgentFlags(values: Values, given: ReadonlySet<string>): CheckOutcome {
  const risks = warningsFor(values['allow-path'] ?? []).map(
    ({ expression, path, risk }) => `--allow-path ${JSON.stringify(expression)} fits ${path}: ${risk}`,
  );
  return {
    faults: [
      ...hostIpFaults(values['host-ip'] ?? []),
      ...portFaults(values),
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

/** /metrics must not be where Pods can read it, and nobody shares a port with kubelet's probe, which the network must not reach. */
function portFaults({ port, 'prometheus-listen-addr': ops, 'probe-bind': probes }: Values): string[] {
  const isSame = (one?: number, other?: number) => one !== undefined && one !== 0 && one === other;
  return [
    ...(isSame(port, ops?.port)
      ? [`--prometheus-listen-addr: port ${port} is the one on which Pods are served; use another`]
      : []),
    ...(isSame(port, probes?.port)
      ? [`--probe-bind: port ${port} is the one on which Pods are served; use another`]
      : []),
    ...(isSame(ops?.port, probes?.port)
      ? [`--probe-bind: port ${ops?.port} is the one of --prometheus-listen-addr; use another`]
      : []),
    ...(probes !== undefined && !isLoopback(probes.host)
      ? [`--probe-bind: ${probes.host} is reached from elsewhere; use 127.0.0.1 or ::1`]
      : []),
  ];
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function groupFaults({ 'metadata-groups': words = [] }: Values): string[] {
  return words.includes('none') && words.length > 1
    ? ['--metadata-groups: none stands beside groups; leave one of them out']
    : [];
}

/** A Pod alone must not be able to take what all share. */
function limitFaults(values: Values): string[] {
  const pairs = [
    ['connections-per-pod', 'connections'],
    ['waiting-per-pod', 'waiting'],
  ] as const;
  return pairs.flatMap(([ofPod, ofAll]) => {
    const [one = 0, all = one] = [values[ofPod], values[ofAll]];
    return one > all ? [`--${ofPod}: ${one} is more than --${ofAll} allows for all Pods; lower it`] : [];
  });
}

function sourceFaults(given: ReadonlySet<string>): string[] {
  return given.has('cni-socket') && given.has('cni-cache-dir')
    ? ['--cni-socket: it stands beside --cni-cache-dir, which is for its reader; leave one of them out']
    : [];
}

/** A certificate is of no use without its key. In firewall mode neither is used. */
function pairFaults({ mode }: Values, given: ReadonlySet<string>): string[] {
  const [there, away] = given.has('cert') ? ['cert', 'key'] : ['key', 'cert'];
  return mode !== 'firewall' && given.has(there) && !given.has(away)
    ? [`--${there}: it is of no use without --${away}; give both, or neither and the agent gets its own`]
    : [];
}

/** A certificate from elsewhere leaves nothing to attest. */
function attestWarnings({ mode }: Values, given: ReadonlySet<string>): string[] {
  return mode !== 'firewall' && given.has('attest-address') && given.has('cert')
    ? ['--attest-address is not used: the agent has a certificate by --cert']
    : [];
}

/** What a template for both modes may hold, and what this mode is there to close. */
function firewallWarnings(
  { 'metadata-groups': groups = [], 'allow-path': expressions = [] }: Values,
  given: ReadonlySet<string>,
): string[] {
  const unused = serverFlags.filter((name) => given.has(name));
  const opened = given.has('metadata-groups') ? groups.filter((word) => word !== 'none') : [];
  return [
    ...unused.map((name) => `--${name} is not used: --mode firewall needs no server`),
    ...opened.map((group) => `--metadata-groups ${group} is open to all Pods, although --mode is firewall`),
    ...expressions.map(
      (expression) =>
        `--allow-path ${JSON.stringify(expression)} is open to all Pods, although --mode is firewall`,
    ),
  ];
}
