import { eventually } from '@rolegate/testing';
import type { Kubectl } from './kubectl.ts';
import { parseJson } from './parse-json.ts';
import { raceClientNames } from './race/race-clients.ts';
import type { RaceClientName } from './race/race-clients.ts';
import { CLIENT_LABEL, PERMITTED_NAMESPACE } from './test-pods.ts';

/** Written by the programs of race/race-clients.ts. Seconds since the epoch. */
export interface FirstCredentials {
  /** Name and version. */
  readonly client: string;
  readonly start: number;
  readonly asked: number;
  readonly answered: number;
  readonly arn?: string;
  /** Why there are no credentials. */
  readonly error?: string;
  /** Why STS did not say whose credentials they are. */
  readonly identityError?: string;
}

export interface EndedPod {
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly client: RaceClientName;
  /** The termination message, or the end of the log if the program wrote none. */
  readonly message: string;
}

/** A hundred Pods that start at the same time on two cores take about four minutes. */
const ENDED_WITHIN_MS = 420_000;

/** Waits until all Pods have ended. */
export async function firstCredentials(kubectl: Kubectl, count: number): Promise<readonly EndedPod[]> {
  return eventually(
    async () => {
      const { items } = (await kubectl.json(
        '-n',
        PERMITTED_NAMESPACE,
        'get',
        'pods',
        '-l',
        'app=many',
      )) as PodList;
      const ended = items.filter(({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed');
      if (ended.length < count) throw new Error(`${ended.length} of ${count} Pods have ended`);
      return ended.map(endedPod);
    },
    { withinMs: ENDED_WITHIN_MS, everyMs: 2_000 },
  );
}

function endedPod({ metadata: { name, uid, labels }, status }: PodItem): EndedPod {
  return {
    name,
    uid,
    ip: status.podIP ?? '',
    client: raceClientNames.find((one) => one === labels[CLIENT_LABEL]) ?? 'boto3',
    message: status.containerStatuses?.[0]?.state.terminated?.message ?? '',
  };
}

interface PodList {
  readonly items: readonly PodItem[];
}

interface PodItem {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly message?: string } };
    }[];
  };
}

/** Undefined: the program wrote none. */
export function resultOf({ message }: Pick<EndedPod, 'message'>): FirstCredentials | undefined {
  const result = parseJson(message) as FirstCredentials | undefined;
  return result?.start === undefined ? undefined : result;
}

/** Says what is wrong if the Pod did not get the credentials of its own role on the first try. */
export function problemOf(pod: Pick<EndedPod, 'name' | 'message'>): string | undefined {
  const { name, message } = pod;
  const result = resultOf(pod);
  const session = `:assumed-role/${name}/${PERMITTED_NAMESPACE}.default`;
  if (result === undefined) return `${name} wrote no result: ${message}`;
  const error = result.error ?? result.identityError;
  if (error !== undefined) return `${name}: ${error}`;
  return result.arn?.endsWith(session) === true ? undefined : `${name} has the role ${String(result.arn)}`;
}
