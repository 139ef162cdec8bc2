import { createArrivals, createTransition } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { interfaceText } from './rules/host-interfaces.ts';
import type { HostInterface } from './rules/host-interfaces.ts';
import type { SettleResult } from './interception.ts';
import type { Fault } from './rules/faults.ts';

/** What an operator reads of the interception: each thing when it begins and when it is over, not at every look. */
export interface InterceptionLog {
  readonly settled: (settled: SettleResult) => void;
  readonly unmatched: (entries: readonly HostInterface[]) => void;
  /** `denied`: tries to reach a metadata address since the last look that were not led to the agent. */
  readonly notLed: (denied: number) => void;
  /** `count`: new connections dropped since the last look because their address opened too many. */
  readonly refused: (count: number) => void;
  /** `route`: where the kernel would send a Pod's packet; undefined: nowhere. */
  readonly kernelRoutes: (route: string | undefined) => void;
}

const LIMIT_NEEDS =
  'load the kernel modules xt_hashlimit, xt_recent and xt_limit; until then only the agent limits what a Pod sends';
const WHO_IS_REFUSED =
  'an address opened more than 512 at once or 200 a second; /proc/net/xt_recent/rolegate and rolegate6 on the node name it';
/** Foreign rules that are named one by one. */
const MOST_NAMED = 20;

export function createInterceptionLog({ log }: { readonly log: Log }): InterceptionLog {
  return {
    settled: createSettledLog(log),
    unmatched: createUnmatchedLog(log),
    notLed(denied) {
      if (denied > 0)
        log.warn('metadata traffic denied and not led to the agent', {
          count: denied,
          error: 'another port or protocol than 80/tcp, or an interface that --host-interface does not name',
        });
    },
    refused: createRefusedLog(log),
    kernelRoutes: createTransition<string>({
      begins: (route) => {
        log.error('kernel routes Pods to the metadata address', {
          route,
          error: 'an ip rule before ours takes it',
        });
      },
      ends: () => {
        log.info('kernel prohibits the metadata address again');
      },
    }),
  };
}

function createSettledLog(log: Log): InterceptionLog['settled'] {
  const logFaults = createFaultsLog(log);
  const logLimit = createLimitLog(log);
  const logForeign = createForeignLog(log);
  let isInstalled = false;
  return ({ backend, repaired, left, limitFault, foreign }) => {
    const faults = repaired.map(faultText);
    if (!isInstalled) log.info('interception laid', { backend });
    else if (faults.length > 0) log.warn('interception mended', { backend, faults });
    isInstalled = true;
    logFaults(left.length === 0 ? undefined : left.map(faultText).join('; '));
    logLimit(limitFault);
    logForeign(foreign);
  };
}

function createFaultsLog(log: Log): (faults: string | undefined) => void {
  const write = (faults: string) => {
    log.error('interception not in order', { error: faults });
  };
  const ends = () => {
    log.info('interception in order again');
  };
  return createTransition<string>({ begins: write, changes: write, ends });
}

function createLimitLog(log: Log): (fault: string | undefined) => void {
  return createTransition<string>({
    begins: (fault) => {
      log.warn('new connections are not limited', { error: fault, hint: LIMIT_NEEDS });
    },
    ends: () => {
      log.info('new connections are limited again');
    },
  });
}

function createForeignLog(log: Log): (rules: readonly string[]) => void {
  const compare = createArrivals<string>();
  return (rules) => {
    const came = new Set(compare(new Map(rules.map((rule) => [rule, rule]))).came);
    for (const rule of rules.slice(0, MOST_NAMED)) {
      if (came.has(rule))
        log.warn('foreign rule for a metadata address', {
          rule,
          error: 'remove it where its program is gone',
        });
    }
  };
}

function createRefusedLog(log: Log): InterceptionLog['refused'] {
  let refused = 0;
  return (count) => {
    if (count > 0 && refused === 0) log.warn('new connections refused', { count, hint: WHO_IS_REFUSED });
    if (count === 0 && refused > 0) log.info('new connections no longer refused', { count: refused });
    refused = count === 0 ? 0 : refused + count;
  };
}

function createUnmatchedLog(log: Log): InterceptionLog['unmatched'] {
  const write = (interfaces: string) => {
    log.warn('host interface matches nothing', {
      interfaces,
      error: 'correct --host-interface, or use auto',
    });
  };
  const ends = () => {
    log.info('host interfaces are there');
  };
  const tell = createTransition<string>({ begins: write, changes: write, ends });
  return (entries) => {
    tell(entries.length === 0 ? undefined : entries.map(interfaceText).join(','));
  };
}

function faultText({ layer, message }: Fault): string {
  return `${layer}: ${message}`;
}
