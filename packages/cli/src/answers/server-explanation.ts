import { readObjects, valueOf } from './answer.ts';
import type { Answer } from './answer.ts';
import { fields, flag, list, members, number, text } from './fields.ts';
import { sessionFrom } from './server-status.ts';
import type { ServerSession } from './server-status.ts';

/** Pods of one name that are read. */
const MOST_EXPLAINED = 16;
const MOST_ITEMS = 64;

/** What `rolegate-server status --pod --json` prints about one Pod. */
export interface ServerExplanation {
  readonly pod: string | undefined;
  readonly uid: string | undefined;
  readonly node: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly ips: readonly string[];
  readonly traits: readonly string[];
  /** Undefined: the object does not exist or has not been seen. */
  readonly annotations: {
    readonly pod: Annotations | undefined;
    readonly serviceAccount: Annotations | undefined;
    readonly namespace: Annotations | undefined;
  };
  readonly settings: {
    readonly roleBaseArn: string | undefined;
    readonly roleCeiling: readonly string[];
    readonly namespacePolicy: string | undefined;
    readonly defaultRole: string | undefined;
  };
  readonly namespaceRuleFault: string | undefined;
  /** Undefined: the server does not know the Pod. */
  readonly decision: ServerDecision | undefined;
  /** The rule that permits the role; undefined: none does, or the server is too old to say. */
  readonly permittedBy: { readonly annotation: string; readonly entry: string } | undefined;
  readonly session: ServerSession | undefined;
  /** Undefined: the node's agent is not connected to this replica. */
  readonly agent:
    | {
        readonly version: string | undefined;
        readonly connectedForSeconds: number | undefined;
        readonly servesContainerCredentials: boolean | undefined;
      }
    | undefined;
  /** What the server waits for if it does not know the Pod. */
  readonly waitsFor: string | undefined;
}

/** A value that is too long has a text that says so. */
export type Annotations = Readonly<Record<string, string>>;

export interface ServerDecision {
  /** `allow`, `deny` or `pending`. */
  readonly kind: string;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly meaning: string | undefined;
  readonly remedy: string | undefined;
  readonly role: string | undefined;
  readonly sessionName: string | undefined;
  readonly durationSeconds: number | undefined;
}

export function readServerExplanations(output: string): Answer<readonly ServerExplanation[]> {
  return readObjects(output, explanationFrom, MOST_EXPLAINED);
}

/**
 * The explanation that knows most: of the Pod with this UID if it is given, by a replica that has the session, else by the one to
 * which the node's agent is connected. If there is none, the first fault.
 */
export function pickExplanation(
  answers: readonly Answer<readonly ServerExplanation[]>[],
  uid: string | undefined,
): Answer<ServerExplanation> {
  const all = answers
    .flatMap((answer) => valueOf(answer) ?? [])
    .filter((one) => uid === undefined || one.uid === undefined || one.uid === uid);
  const [best] = all.toSorted((a, b) => knowledge(b) - knowledge(a));
  if (best !== undefined) return { value: best };
  const fault = answers.find((answer) => 'fault' in answer);
  return fault ?? { fault: 'no server knows a Pod with this UID' };
}

function knowledge({ decision, session, agent }: ServerExplanation): number {
  return [decision, session, agent].filter((part) => part !== undefined).length;
}

function explanationFrom(given: Readonly<Record<string, unknown>>): ServerExplanation {
  const [annotations, settings, agent] = [
    fields(given['annotations']),
    fields(given['settings']),
    fields(given['agent']),
  ];
  return {
    pod: text(given['pod']),
    uid: text(given['uid']),
    node: text(given['node']),
    serviceAccount: text(given['serviceAccount']),
    ips: list(given['ips'], text, MOST_ITEMS),
    traits: list(given['traits'], text, MOST_ITEMS),
    annotations: {
      pod: annotationsFrom(annotations?.['pod']),
      serviceAccount: annotationsFrom(annotations?.['serviceAccount']),
      namespace: annotationsFrom(annotations?.['namespace']),
    },
    settings: {
      roleBaseArn: text(settings?.['roleBaseArn']),
      roleCeiling: list(settings?.['roleCeiling'], text, MOST_ITEMS),
      namespacePolicy: text(settings?.['namespacePolicy']),
      defaultRole: text(settings?.['defaultRole']),
    },
    namespaceRuleFault: text(given['namespaceRuleFault']),
    decision: decisionFrom(given['decision']),
    permittedBy: ruleFrom(given['permittedBy']),
    session: sessionFrom(given['session']),
    agent: agent && {
      version: text(agent['version']),
      connectedForSeconds: number(agent['connectedForSeconds']),
      servesContainerCredentials: flag(agent['servesContainerCredentials']),
    },
    waitsFor: text(given['waitsFor']),
  };
}

function annotationsFrom(given: unknown): Annotations | undefined {
  if (fields(given) === undefined) return undefined;
  return members(given, (value) => text(value) ?? (fields(value) && 'not read: too long'));
}

function ruleFrom(given: unknown): ServerExplanation['permittedBy'] {
  const rule = fields(given);
  const [annotation, entry] = [text(rule?.['annotation']), text(rule?.['entry'])];
  return annotation === undefined || entry === undefined ? undefined : { annotation, entry };
}

function decisionFrom(given: unknown): ServerDecision | undefined {
  const decision = fields(given);
  const kind = text(decision?.['kind']);
  if (decision === undefined || kind === undefined) return undefined;
  return {
    kind,
    reason: text(decision['reason']),
    message: text(decision['message']),
    meaning: text(decision['meaning']),
    remedy: text(decision['remedy']),
    role: text(decision['role']),
    sessionName: text(decision['sessionName']),
    durationSeconds: number(decision['durationSeconds']),
  };
}
