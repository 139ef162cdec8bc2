import type { ReadyCheck } from '@rolegate/runtime';
import { ruleLayers } from '../interception/rules/rule.ts';
import type { FollowedInterception } from './followed-interception.ts';

const NOT_TOLD = 'unknown; check that rolegate-agent reconcile runs with the same --cni-socket';
const NO_RECONCILE = 'unknown; set --cni-socket to the socket of rolegate-agent reconcile';

/**
 * Ready if all layers of rules are installed. While reconcile is unavailable its last report counts, because the rules remain.
 * Undefined: no reconcile, and readiness does not depend on it.
 */
export function interceptionCheck(
  interception: Pick<FollowedInterception, 'lastKnown'> | undefined,
): ReadyCheck {
  const name = 'interception';
  if (interception === undefined) return { name, informative: true, ready: () => NO_RECONCILE };
  return {
    name,
    ready() {
      const known = interception.lastKnown();
      if (known === undefined) return NOT_TOLD;
      const missing = ruleLayers.filter((layer) => known.layers[layer] !== true);
      if (missing.length === 0) return true;
      return `not fully installed: ${missing.join(', ')}; see the log of rolegate-agent reconcile`;
    },
  };
}
