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

/** What to do about a link. */
export interface NextStep {
  /** One sentence without its full stop; undefined: nothing. */
  readonly next: string | undefined;
  /** For a shell, in their order. A word in capitals is for the user to replace. */
  readonly commands: readonly string[];
}

export interface Link extends NextStep {
  readonly name: LinkName;
  readonly state: LinkState;
  /** One sentence without its full stop. */
  readonly says: string;
  /** More facts, one a line. */
  readonly details: readonly string[];
}

export interface LinkFacts {
  readonly details?: readonly string[];
  readonly next?: string | undefined;
  readonly commands?: readonly string[];
}

export function link(
  name: LinkName,
  state: LinkState,
  says: string,
  { details = [], next, commands = [] }: LinkFacts = {},
): Link {
  return { name, state, says, details, next, commands };
}
