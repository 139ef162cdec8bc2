import type { Log } from '@rolegate/runtime';
import { interfaceText } from './host-interfaces.ts';
import type { HostInterface } from './host-interfaces.ts';
import type { Settled } from './interception.ts';
import type { Fault } from './faults.ts';

/** What an operator reads of the interception: each thing when it begins and when it is over, not at every look. */
export interface Told {
  readonly settled: (settled: Settled) => void;
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

export function createTold({ log }: { readonly log: Log }): Told {
  const foreign = new Set<string>();
  let laid = false;
  let left = '';
  let unmatched = '';
  let routed: string | undefined;
  let limitFault: string | undefined;
  let refused = 0;

  function tellFaults(faults: readonly Fault[]): void {
    const now = faults.map(({ layer, message }) => `${layer}: ${message}`).join('; ');
    if (now !== '' && now !== left) log.error('interception not in order', { error: now });
    if (now === '' && left !== '') log.info('interception in order again');
    left = now;
  }

  function tellLimit(fault: string | undefined): void {
    if (fault !== undefined && limitFault === undefined)
      log.warn('new connections are not limited', { error: fault, hint: LIMIT_NEEDS });
    if (fault === undefined && limitFault !== undefined) log.info('new connections are limited again');
    limitFault = fault;
  }

  function tellForeign(rules: readonly string[]): void {
    for (const rule of rules.slice(0, MOST_NAMED)) {
      if (!foreign.has(rule)) {
        log.warn('foreign rule for a metadata address', {
          rule,
          error: 'remove it where its program is gone',
        });
      }
    }
    foreign.clear();
    for (const rule of rules) foreign.add(rule);
  }

  return {
    settled(settled) {
      const { backend, mended } = settled;
      const faults = mended.map(({ layer, message }) => `${layer}: ${message}`);
      if (!laid) log.info('interception laid', { backend });
      else if (faults.length > 0) log.warn('interception mended', { backend, faults });
      laid = true;
      tellFaults(settled.left);
      tellLimit(settled.limitFault);
      tellForeign(settled.foreign);
    },
    refused(count) {
      if (count > 0 && refused === 0) log.warn('new connections refused', { count, hint: WHO_IS_REFUSED });
      if (count === 0 && refused > 0) log.info('new connections no longer refused', { count: refused });
      refused = count === 0 ? 0 : refused + count;
    },
    unmatched(entries) {
      const now = entries.map(interfaceText).join(',');
      if (now === unmatched) return;
      unmatched = now;
      if (now === '') log.info('host interfaces are there');
      else
        log.warn('host interface matches nothing', {
          interfaces: now,
          error: 'correct --host-interface, or use auto',
        });
    },
    notLed(denied) {
      if (denied > 0)
        log.warn('metadata traffic denied and not led to the agent', {
          count: denied,
          error: 'another port or protocol than 80/tcp, or an interface that --host-interface does not name',
        });
    },
    kernelRoutes(route) {
      if (route !== undefined && routed === undefined)
        log.error('kernel routes Pods to the metadata address', {
          route,
          error: 'an ip rule before ours takes it',
        });
      if (route === undefined && routed !== undefined)
        log.info('kernel prohibits the metadata address again');
      routed = route;
    },
  };
}
