import { isReason, reasons } from '@rolegate/protocol';
import type { StatusAnswer } from '@rolegate/runtime';
import { canonicalIp, textFacts } from '@rolegate/runtime';
import type { Caller } from '../addresses/caller.ts';
import type { KnownPod } from '../feed/table/known-pod.ts';
import type { AddressFacts, Addresses } from './addresses.ts';
import { answersNow } from './answers-now.ts';
import type { AnswersNow, Surroundings } from './answers-now.ts';
import type { PodRow } from './pod-row.ts';
import { answerByToken } from './token-answers.ts';
import type { CredentialsReadings } from './token-answers.ts';

/** All facts that determine what one address or Pod is answered. */
export interface Explanation {
  /** The address or Pod. */
  readonly subject: string;
  readonly addresses: readonly Omit<AddressFacts, 'caller'>[];
  readonly pod: PodRow | undefined;
  readonly state: string;
  readonly meaning: string | undefined;
  readonly remedy: string | undefined;
  /** What the agent waits for, if the Pod or its address is not known. */
  readonly waitsFor: string | undefined;
  /** Undefined: no address leads to the Pod. */
  readonly answers: AnswersNow | undefined;
  /** What the Pod would be answered by its ServiceAccount token. Undefined: not known, or not served. */
  readonly byToken: string | undefined;
}

export interface ExplainDeps {
  readonly node: string;
  readonly addresses: Addresses;
  readonly pods: () => readonly KnownPod[];
  readonly rowOf: (pod: KnownPod) => PodRow;
  readonly around: () => Surroundings;
  /** What is missing if the Pod is not in the table. */
  readonly missing: () => string;
  /** Undefined: container credentials are not served. */
  readonly credentials: Pick<CredentialsReadings, 'serving'> | undefined;
}

/** Explains the subject of `--ip` or `--pod`; undefined if neither is given. */
export function createExplain(deps: ExplainDeps): (asked: URLSearchParams) => StatusAnswer | undefined {
  const { addresses, pods } = deps;

  function byIp(text: string): StatusAnswer {
    const facts = addresses.factsOf(canonicalIp(text) ?? text);
    const { caller } = facts;
    const explanation = explanationOf(deps, {
      subject: `address ${facts.ip}`,
      facts: [facts],
      pod: podsOf(caller)[0],
      caller,
    });
    return answerOf(caller.kind !== 'unknown', [explanation]);
  }

  function byPod(name: string): StatusAnswer {
    const found = pods().filter(
      (pod) => [pod.uid, pod.runtimeUid].includes(name) || `${pod.namespace}/${pod.name}` === name,
    );
    return found.length > 0
      ? answerOf(
          true,
          found.map((pod) => explainPod(deps, pod)),
        )
      : answerOf(false, [explainUnknown(deps, name)]);
  }

  return (asked) => {
    const [ip, pod] = [asked.get('ip'), asked.get('pod')];
    if (ip !== null) return byIp(ip);
    return pod === null ? undefined : byPod(pod);
  };
}

function explainPod(deps: ExplainDeps, pod: KnownPod): Explanation {
  const facts = deps.addresses.ipsOf(pod).map(deps.addresses.factsOf);
  const own = facts.find(({ caller }) => podsOf(caller).some(({ uid }) => uid === pod.uid));
  return explanationOf(deps, { subject: `Pod ${fullName(pod)}`, facts, pod, caller: own?.caller });
}

function explainUnknown(deps: ExplainDeps, name: string): Explanation {
  const { node, addresses, missing } = deps;
  const facts = addresses.named(name).map(addresses.factsOf);
  const caller = facts[0]?.caller;
  return {
    ...explanationOf(deps, { subject: `Pod ${name}`, facts, pod: undefined, caller }),
    ...(facts.length === 0 && {
      state: 'PodNotFound',
      meaning: `no Pod of node ${node} has this name or UID`,
      remedy: 'find its node with kubectl get pod -o wide, and ask the agent there',
      waitsFor: missing(),
    }),
  };
}

interface Found {
  readonly subject: string;
  readonly facts: readonly AddressFacts[];
  readonly pod: KnownPod | undefined;
  /** The caller at its address; undefined: no address leads to the Pod. */
  readonly caller: Caller | undefined;
}

function explanationOf(
  { rowOf, around, credentials }: Pick<ExplainDeps, 'rowOf' | 'around' | 'credentials'>,
  { subject, facts, pod, caller }: Found,
): Explanation {
  const row = pod && rowOf(pod);
  return {
    subject,
    addresses: facts.map(({ ip, by, says }) => ({ ip, by, says })),
    pod: row,
    ...reasonOf(stateOf(caller, row)),
    waitsFor: waitedFor(caller, pod),
    answers: caller && answersNow(caller, around()),
    byToken: pod && credentials?.serving.current() === true ? answerByToken(pod, around()) : undefined,
  };
}

function stateOf(caller: Caller | undefined, row: PodRow | undefined): string {
  switch (caller?.kind) {
    case 'ambiguous':
      return 'AmbiguousIp';
    case 'node':
      return 'HostNetwork';
    case 'unknown':
      return 'PodNotFound';
    case 'pod':
    case undefined:
      return row?.state ?? 'PodNotFound';
  }
}

function waitedFor(caller: Caller | undefined, pod: KnownPod | undefined): string | undefined {
  if (caller?.kind === 'unknown') return caller.waitsFor;
  if (caller?.kind === 'ambiguous') return `one of ${podsOf(caller).map(fullName).join(', ')} to end`;
  if (caller !== undefined || pod === undefined || pod.hostNetwork || pod.ended) return undefined;
  return 'an address: no CNI result names the Pod yet, and its status has none';
}

function podsOf(caller: Caller): readonly KnownPod[] {
  if (caller.kind === 'pod') return [caller.pod];
  return caller.kind === 'ambiguous' ? caller.pods : [];
}

function fullName({ namespace, name }: KnownPod): string {
  return `${namespace}/${name}`;
}

function reasonOf(state: string) {
  const { meaning, remedy } = isReason(state) ? reasons[state] : { meaning: undefined, remedy: undefined };
  return { state, meaning, remedy };
}

function answerOf(found: boolean, all: readonly Explanation[]): StatusAnswer {
  const [only] = all;
  return { found, value: all.length === 1 ? only : all, text: all.map(textOf).join('\n') };
}

function textOf({ subject, addresses, pod, answers, byToken, ...why }: Explanation): string {
  const { state, meaning, remedy, waitsFor } = why;
  return textFacts([
    ['subject', subject],
    ...addresses.map(({ ip, says }) => [`address ${ip}`, says] as const),
    ...(pod === undefined ? [] : podFacts(pod)),
    ['state', meaning === undefined ? state : `${state}: ${meaning}`],
    ['  why', pod?.note],
    ['  waiting for', waitsFor],
    ['  what to do', remedy],
    ['PUT token now', answers?.token],
    ['GET list now', answers?.list],
    ['GET credentials now', answers?.credentials],
    ['by its token now', byToken],
  ]);
}

function podFacts(pod: PodRow): (readonly [string, string | undefined])[] {
  const { remainingMinutes, accessKeyId = '' } = pod;
  return [
    ['Pod', `${pod.namespace}/${pod.name} (${pod.uid})`],
    ['ServiceAccount', pod.serviceAccount],
    ['role', pod.role ?? 'none'],
    ['session', pod.sessionName],
    [
      'credentials',
      remainingMinutes === undefined ? 'none cached' : `${accessKeyId}, ${remainingMinutes} min left`,
    ],
    [
      'metadata groups',
      pod.metadata === undefined ? 'no metadata API at all' : pod.metadata.join(', ') || 'none',
    ],
  ];
}
