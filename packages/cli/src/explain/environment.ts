import type { V1Pod } from '../answers/objects.ts';
import type { Imported } from './evidence.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';
import { outrankings, usesOwnEndpoint } from './outranking.ts';
import { namespaceOf, recreate } from './pod-object.ts';
import { containersOf, variablesOf } from './variables.ts';

/** At most this many are named on the page; a Pod can have thousands of variables. */
const MOST_NAMED = 8;

export interface Surroundings {
  /** What `envFrom` imports, as far as it is known. */
  readonly imported?: Imported;
  /** True: the Pod gets credentials by its ServiceAccount token only, and must have the variables that lead there. */
  readonly byToken?: boolean;
}

/** The variables of the Pod that outrank IMDS. Prints no value, wherever it comes from. */
export function environmentLink(pod: V1Pod, { imported = {}, byToken = false }: Surroundings = {}): Link {
  if (byToken && !containersOf(pod).some((one) => usesOwnEndpoint(variablesOf(one, imported))))
    return link(
      'environment',
      'broken',
      "no container has the variables of Rolegate's container credentials, which alone serve this Pod",
      {
        next: 'label its Namespace or Pod template rolegate.dev/credentials=token, and recreate the Pod (docs/container-credentials.md)',
        commands: [
          `kubectl label namespace ${namespaceOf(pod)} rolegate.dev/credentials=token`,
          ...recreate(pod),
        ],
      },
    );
  const found = outrankings(pod, imported);
  const [first] = found;
  if (first === undefined) return link('environment', 'ok', 'no variable of the Pod outranks IMDS');
  const rest = found.slice(1, MOST_NAMED).map(({ says }) => says);
  const left = found.length - MOST_NAMED;
  return link('environment', first.how === 'certain' ? 'broken' : 'warning', first.says, {
    details: left > 0 ? [...rest, `and ${left} more`] : rest,
    next: first.next,
    commands: first.commands(pod),
  });
}
