import { agentPodFrom } from './agent-status.ts';
import type { AgentPod } from './agent-status.ts';
import { readObjects } from './answer.ts';
import type { Answer } from './answer.ts';
import { fields, list, text } from './fields.ts';

/** Pods of one name that are read: the live one and those that are terminating. */
const MOST_EXPLAINED = 16;
const MOST_ADDRESSES = 64;

/** What `rolegate-agent status --pod --json` prints about one Pod. */
export interface AgentExplanation {
  readonly subject: string | undefined;
  readonly addresses: readonly {
    readonly ip: string;
    readonly by: string | undefined;
    readonly says: string | undefined;
  }[];
  /** Undefined: the agent does not know the Pod. */
  readonly pod: AgentPod | undefined;
  readonly state: string | undefined;
  readonly meaning: string | undefined;
  readonly remedy: string | undefined;
  readonly waitsFor: string | undefined;
  /** What the Pod is answered now; undefined: no address leads to it. */
  readonly answers:
    | {
        readonly token: string | undefined;
        readonly list: string | undefined;
        readonly credentials: string | undefined;
      }
    | undefined;
  readonly byToken: string | undefined;
}

export function readAgentExplanations(output: string): Answer<readonly AgentExplanation[]> {
  return readObjects(output, explanationFrom, MOST_EXPLAINED);
}

/** The explanation of the Pod with this UID, if it is given; else of the first. */
export function pickAgentExplanation(
  answer: Answer<readonly AgentExplanation[]>,
  uid: string | undefined,
): Answer<AgentExplanation> {
  if ('fault' in answer) return answer;
  const all = answer.value.filter(({ pod }) => uid === undefined || pod === undefined || pod.uid === uid);
  const [first] = all;
  return first === undefined ? { fault: 'the agent knows only other Pods of this name' } : { value: first };
}

function explanationFrom(given: Readonly<Record<string, unknown>>): AgentExplanation {
  const answers = fields(given['answers']);
  return {
    subject: text(given['subject']),
    addresses: list(given['addresses'], addressFrom, MOST_ADDRESSES),
    pod: agentPodFrom(given['pod']),
    state: text(given['state']),
    meaning: text(given['meaning']),
    remedy: text(given['remedy']),
    waitsFor: text(given['waitsFor']),
    answers: answers && {
      token: text(answers['token']),
      list: text(answers['list']),
      credentials: text(answers['credentials']),
    },
    byToken: text(given['byToken']),
  };
}

function addressFrom(given: unknown): AgentExplanation['addresses'][number] | undefined {
  const address = fields(given);
  const ip = text(address?.['ip']);
  return ip === undefined ? undefined : { ip, by: text(address?.['by']), says: text(address?.['says']) };
}
