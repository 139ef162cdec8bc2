import type { ReadyCheck } from '@rolegate/runtime';
import { layers } from '../interception/rules/rule.ts';
import type { FollowedInterception } from './followed-interception.ts';

const NOT_TOLD =
  'the reader has not told how the rules stand; see that rolegate-agent reconcile runs, with the same --cni-socket';
const NO_RECONCILE =
  'nobody tells how the rules stand; give --cni-socket, the socket of rolegate-agent reconcile';

/**
 * Ready where all layers are laid. While reconcile is away, what it said last counts: it says nothing about the rules that it
 * is away. Undefined: there is none to ask, and readiness does not depend on it.
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
      const missing = layers.filter((layer) => known.layers[layer] !== true);
      if (missing.length === 0) return true;
      return `not in order: ${missing.join(', ')}; the log of rolegate-agent reconcile says what is wrong`;
    },
  };
}
