import { createArrivals, createTransition } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { interfaceText } from './rules/host-interfaces.ts';
import type { HostInterface } from './rules/host-interfaces.ts';
import type { SettleResult } from './interception.ts';
import type { Fault } from './rules/faults.ts';

/** Logs the interception: each fault when it begins and when it ends, not at every check. */
export interface InterceptionLog {
  readonly settled: (settled: SettleResult) => void;
  readonly unmatched: (entries: readonly HostInterface[]) => void;
  /** `denied`: attempts to reach a metadata address since the last check that were not redirected to the agent. */
  readonly notRedirected: (denied: number) => void;
  /** `count`: new connections dropped since the last check because their address exceeded the limit. */
  readonly refused: (count: number) => void;
  /** `route`: where the kernel would send a Pod's packet; undefined: nowhere. */
  readonly kernelRoutes: (route: string | undefined) => void;
}

const HINTS = {
  notRedirected:
    'Expected for ports other than 80/tcp, which are always blocked. If Pods get no credentials, their interface does not match --host-interface: compare it with ip link on the node.',
  routed:
    "One of the three layers is lost. Find the ip rule that comes before Rolegate's (ip rule list), and remove or renumber it.",
  repaired: 'If this repeats, find the program that changes the rules.',
  incomplete:
    'Fix what `error` names; see the alert RolegateInterceptionLayerLost in the runbook. Check that reconcile has CAP_NET_ADMIN and that iptables and ip work on the node.',
  limit:
    'Only the agent limits Pods while this fails. Run modprobe -a xt_hashlimit xt_recent xt_limit on the node.',
  exceeded:
    'A Pod opened more than 512 connections at once, or more than 200 per second afterwards. Find its address in /proc/net/xt_recent/rolegate or rolegate6 on the node.',
  foreignAddresses:
    'Rolegate does not use them, and they will be removed together with the link. Move them to a link of their own.',
  foreign:
    "The rule has no effect while Rolegate's rules come first. Remove it if the program that installed it is no longer used.",
  unmatched:
    'Traffic of Pods behind other interfaces is blocked but not redirected. Correct --host-interface, or use auto.',
} as const;
/** Foreign rules that are logged individually. */
const MOST_NAMED = 20;

export function createInterceptionLog({ log }: { readonly log: Log }): InterceptionLog {
  return {
    settled: createSettledLog(log),
    unmatched: createUnmatchedLog(log),
    notRedirected(denied) {
      if (denied > 0)
        log.warn('metadata traffic blocked but not redirected', { count: denied, hint: HINTS.notRedirected });
    },
    refused: createRefusedLog(log),
    kernelRoutes: createTransition<string>({
      begins: (route) => {
        log.error('kernel routes Pod traffic to the metadata address', { route, hint: HINTS.routed });
      },
      ends: () => {
        log.info('kernel routing of Pod metadata traffic recovered');
      },
    }),
  };
}

function createSettledLog(log: Log): InterceptionLog['settled'] {
  const logFaults = createFaultsLog(log);
  const logLimit = createLimitLog(log);
  const logForeign = createForeignLog(log);
  const logAddresses = createAddressesLog(log);
  let isInstalled = false;
  return ({ backend, repaired, left, limitFault, foreign, foreignAddresses }) => {
    const faults = repaired.map(faultText);
    if (!isInstalled) log.info('interception installed', { backend });
    else if (faults.length > 0) log.warn('interception repaired', { backend, faults, hint: HINTS.repaired });
    isInstalled = true;
    logFaults(left.length === 0 ? undefined : left.map(faultText).join('; '));
    logLimit(limitFault);
    logForeign(foreign);
    logAddresses(foreignAddresses.length === 0 ? undefined : foreignAddresses.join(','));
  };
}

function createFaultsLog(log: Log): (faults: string | undefined) => void {
  const write = (faults: string) => {
    log.error('interception incomplete', { error: faults, hint: HINTS.incomplete });
  };
  const ends = () => {
    log.info('interception recovered');
  };
  return createTransition<string>({ begins: write, changes: write, ends });
}

function createLimitLog(log: Log): (fault: string | undefined) => void {
  return createTransition<string>({
    begins: (fault) => {
      log.warn('kernel connection limit unavailable', { error: fault, hint: HINTS.limit });
    },
    ends: () => {
      log.info('kernel connection limit available again');
    },
  });
}

function createForeignLog(log: Log): (rules: readonly string[]) => void {
  const compare = createArrivals<string>();
  return (rules) => {
    const added = new Set(compare(new Map(rules.map((rule) => [rule, rule]))).added);
    for (const rule of rules.slice(0, MOST_NAMED)) {
      if (added.has(rule)) log.warn('foreign rule for a metadata address', { rule, hint: HINTS.foreign });
    }
  };
}

function createAddressesLog(log: Log): (addresses: string | undefined) => void {
  const write = (addresses: string) => {
    log.warn('foreign addresses on the link rolegate0', { addresses, hint: HINTS.foreignAddresses });
  };
  const ends = () => {
    log.info('foreign addresses on the link rolegate0 removed');
  };
  return createTransition<string>({ begins: write, changes: write, ends });
}

function createRefusedLog(log: Log): InterceptionLog['refused'] {
  let refused = 0;
  return (count) => {
    if (count > 0 && refused === 0)
      log.warn('kernel connection limit reached', { count, hint: HINTS.exceeded });
    if (count === 0 && refused > 0) log.info('kernel connection limit no longer reached', { count: refused });
    refused = count === 0 ? 0 : refused + count;
  };
}

function createUnmatchedLog(log: Log): InterceptionLog['unmatched'] {
  const write = (interfaces: string) => {
    log.warn('host interface not found', { interfaces, hint: HINTS.unmatched });
  };
  const ends = () => {
    log.info('host interface recovered');
  };
  const tell = createTransition<string>({ begins: write, changes: write, ends });
  return (entries) => {
    tell(entries.length === 0 ? undefined : entries.map(interfaceText).join(','));
  };
}

function faultText({ layer, message }: Fault): string {
  return `${layer}: ${message}`;
}
