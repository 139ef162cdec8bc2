/** The links of the chain from a Pod's annotation to its credentials, in the order of the page. */
export const linkNames = [
  'Pod',
  'annotation',
  'ServiceAccount',
  'Namespace',
  'ceiling',
  'session',
  'STS',
  'agent',
  'interception',
  'environment',
] as const;

export type LinkName = (typeof linkNames)[number];

/**
 * `broken`: the Pod gets no credentials because of it. `warning`: it works, but something is wrong. `unreached`: a link before it
 * decides. `unknown`: whoever knows did not answer.
 */
export type LinkState = 'ok' | 'broken' | 'warning' | 'unreached' | 'unknown';

export interface Link {
  readonly name: LinkName;
  readonly state: LinkState;
  /** One sentence without its full stop. */
  readonly says: string;
  /** More facts, one a line. */
  readonly details: readonly string[];
  /** What to do; undefined: nothing. */
  readonly next: string | undefined;
}

/** A link without more facts than `says`. */
export function link(
  name: LinkName,
  state: LinkState,
  says: string,
  { details = [], next }: { readonly details?: readonly string[]; readonly next?: string | undefined } = {},
): Link {
  return { name, state, says, details, next };
}
