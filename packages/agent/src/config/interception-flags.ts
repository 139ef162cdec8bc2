import { isIPv6 } from 'node:net';
import type {
  CheckOutcome,
  Environment,
  FlagTable,
  FlagValues,
  LegacyFlags,
  LogLevel,
  Program,
} from '@rolegate/runtime';
import {
  accepted,
  ignored,
  integer,
  list,
  oneOf,
  optional,
  parseFlags,
  path,
  setting,
} from '@rolegate/runtime';
import { METADATA, NODE, sharedFlags } from './shared-flags.ts';
import { hostIpFaults } from './host-ips.ts';
import type { Backend } from '../interception/backend.ts';
import { backends } from '../interception/backend.ts';
import { AUTO, exactInterface, hostInterface } from '../interception/rules/host-interfaces.ts';
import type { HostInterface } from '../interception/rules/host-interfaces.ts';
import type { PlanOptions } from '../interception/rules/rule.ts';

/** The configuration of intercept, reconcile and uninstall. Frozen. */
export interface InterceptionConfig {
  readonly plan: PlanOptions;
  readonly backend: Backend | 'auto';
  readonly selfTest: boolean;
  readonly cniCacheDirs: readonly string[];
  /** Undefined: no agent connects. */
  readonly cniSocket: string | undefined;
  /** Undefined: listeners of other agent Pods are not known. */
  readonly listenersDir: string | undefined;
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'json' | 'text';
    readonly base: Readonly<Record<string, string>>;
  };
}

const INTERCEPTION = 'Interception';
const LOGS = { 'log-level': sharedFlags['log-level'], 'log-format': sharedFlags['log-format'] };

const rulesFlags = {
  'host-ip': sharedFlags['host-ip'],
  port: sharedFlags.port,
  'container-credentials': {
    ...sharedFlags['container-credentials'],
    help: 'also give the node the addresses of container credentials, on the link rolegate0, and guard port 8182 there; without it, both are removed',
  },
  'guarded-ports': list(integer({ min: 1, max: 65_535 }), {
    group: INTERCEPTION,
    separator: 'comma',
    fallback: ['9621', '9622'],
    help: "the agent's other ports; like --port, they are protected from redirects by hostPorts and Services on --host-ip and loopback",
  }),
  'host-interface': list(hostInterface, {
    group: INTERCEPTION,
    separator: 'comma',
    fallback: [AUTO],
    help: 'interfaces of Pods in the notation of kiam and kube2iam, such as cali+ or eni+,vlan+ or !eth0 (all but eth0); auto: all',
  }),
  'exclude-interface': list(exactInterface, {
    group: INTERCEPTION,
    separator: 'comma',
    help: "interfaces of guests (VMs) that keep access to the node's IMDS, including its credentials; full names",
  }),
  'iptables-backend': setting(oneOf(['auto', ...backends]), {
    group: INTERCEPTION,
    fallback: 'auto',
    help: 'iptables backend for the rules; auto: the one that the kubelet and kube-proxy use',
  }),
  'node-name': optional(path('NAME'), {
    group: NODE,
    env: ['NODE_NAME'],
    help: 'name of the Node, for the log',
  }),
  ...LOGS,
};

const interceptFlags = {
  ...rulesFlags,
  'self-test': setting(oneOf(['auto', 'off']), {
    group: INTERCEPTION,
    fallback: 'auto',
    help: 'auto: tests the rules from a temporary network namespace if the process can create one (CAP_SYS_ADMIN)',
  }),
};

const reconcileFlags = {
  ...rulesFlags,
  'cni-cache-dir': sharedFlags['cni-cache-dir'],
  'cni-socket': optional(path('SOCKET'), {
    group: METADATA,
    help: 'unix socket on which the agent learns which Pod owns which IP, and the state of the interception',
  }),
  'listeners-dir': optional(path('DIR'), {
    group: NODE,
    help:
      'directory on the node, writable only by root, where the reconcile container of each agent Pod publishes the sockets of its agent; ' +
      'without it a listener on an agent port is treated as foreign only after 5 minutes',
  }),
};

const uninstallFlags = LOGS;

const BOTH = ['kiam', 'kube2iam'];
const legacy: LegacyFlags = {
  host: accepted(['kiam'], { as: 'host-ip', why: '' }),
  'app-port': accepted(['kube2iam'], { as: 'port', why: '' }),
  iptables: accepted(BOTH, {
    isSwitch: true,
    why: 'this program always does that',
    off: 'this program always does that',
  }),
  'iptables-remove': ignored(['kiam'], {
    isSwitch: true,
    why: 'the rules remain; rolegate-agent uninstall removes them',
  }),
};

/** A command line of intercept also works for uninstall, which finds the rules whatever options they were installed with. */
const asOnIntercept: LegacyFlags = Object.fromEntries(
  Object.entries(interceptFlags)
    .filter(([name]) => !Object.hasOwn(uninstallFlags, name))
    .map(([name, { placeholder }]) => [
      name,
      accepted(['intercept'], { why: 'not needed here', isSwitch: placeholder === '' }),
    ]),
);

type RulesTable = typeof interceptFlags & typeof reconcileFlags;
type Outcome =
  | { readonly kind: 'config'; readonly config: InterceptionConfig; readonly warnings: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** The flags of the interception commands: for parsing, help and docs. */
export const interceptionPrograms = {
  intercept: program('intercept', 'installs the rules once and tests them', interceptFlags, legacy),
  reconcile: program(
    'reconcile',
    'repairs the rules and tells the agent which Pod owns which IP',
    reconcileFlags,
    legacy,
  ),
  uninstall: program('uninstall', 'removes the rules from the node', uninstallFlags, asOnIntercept),
};

function program(word: string, summary: string, flags: FlagTable, others: LegacyFlags): Program {
  return {
    name: `rolegate-agent ${word}`,
    summary,
    flags,
    legacy: others,
    envPrefix: 'ROLEGATE_',
    subcommand: word,
  };
}

/** Returns a command's configuration, or all its errors. Never throws. */
export function parseInterceptionConfig(
  program: Program,
  input: { readonly argv: readonly string[]; readonly env: Environment },
): Outcome {
  const outcome = parseFlags<FlagTable>(program, { ...input, check: (values) => check(values) });
  if (outcome.kind !== 'values') return outcome;
  return { kind: 'config', config: toConfig(outcome.values), warnings: outcome.warnings };
}

type Values = Partial<FlagValues<RulesTable>>;

function toConfig(values: Values): InterceptionConfig {
  const hostIps = values['host-ip'] ?? [];
  const [ipv4, ipv6] = [hostIps.find((ip) => !isIPv6(ip)), hostIps.find((ip) => isIPv6(ip))];
  const node = values['node-name'];
  return Object.freeze({
    plan: {
      hostIps: { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) },
      port: values.port ?? 0,
      guardedPorts: values['guarded-ports'] ?? [],
      hostInterfaces: (values['host-interface'] ?? []).filter(
        (entry): entry is HostInterface => entry !== AUTO,
      ),
      excludedInterfaces: values['exclude-interface'] ?? [],
      containerCredentials: values['container-credentials'] ?? false,
    },
    backend: values['iptables-backend'] ?? 'auto',
    selfTest: values['self-test'] !== 'off',
    cniCacheDirs: values['cni-cache-dir'] ?? [],
    cniSocket: values['cni-socket'],
    listenersDir: values['listeners-dir'],
    log: {
      level: values['log-level'] ?? 'info',
      format: values['log-format'] ?? 'json',
      base: node === undefined ? {} : { node },
    },
  });
}

function check(values: Values): CheckOutcome {
  const entries = values['host-interface'] ?? [];
  const faults = [
    ...hostIpFaults(values['host-ip'] ?? []),
    ...(entries.includes(AUTO) && entries.length > 1
      ? ['--host-interface: auto cannot be combined with interfaces']
      : []),
    ...(values.port === 0 ? ["--port: rules cannot redirect to port 0; give the agent's port"] : []),
  ];
  const warnings = (values['exclude-interface'] ?? []).map(
    (device) => `--exclude-interface ${device}: guests behind it can get the node's credentials`,
  );
  return { faults, warnings };
}
