import { eventually } from '@rolegate/testing';
import type { Kubectl } from './kubectl.ts';
import { parseJson } from './parse-json.ts';
import { PERMITTED_NAMESPACE } from './test-pods.ts';

/** Written by client/first_credentials.py. Seconds since the epoch. */
interface FirstCredentials {
  readonly start: number;
  readonly asked: number;
  readonly answered: number;
  readonly arn?: string;
  readonly error?: string;
}

interface EndedPod {
  readonly name: string;
  readonly message: string;
}

/** Fifty Pods that start at the same time on two cores take up to two minutes. */
const ENDED_WITHIN_MS = 240_000;

/** Waits until all Pods have ended, and returns their termination messages. */
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
      return ended.map(({ metadata: { name }, status }) => ({
        name,
        message: status.containerStatuses?.[0]?.state.terminated?.message ?? '',
      }));
    },
    { withinMs: ENDED_WITHIN_MS, everyMs: 1_000 },
  );
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly phase: string;
      readonly containerStatuses?: readonly {
        readonly state: { readonly terminated?: { readonly message?: string } };
      }[];
    };
  }[];
}

/** Finds Pods that did not get their own role, and measures how long credentials took. */
export function judgeFirstCredentials(pods: readonly EndedPod[]): { problems: string[]; figures: string[] } {
  const problems: string[] = [];
  const served: FirstCredentials[] = [];
  for (const { name, message } of pods) {
    const result = resultOf({ message });
    const session = `:assumed-role/${name}/${PERMITTED_NAMESPACE}.default`;
    if (result === undefined) problems.push(`${name} wrote no result: ${message}`);
    else if (result.error !== undefined) problems.push(`${name}: ${result.error}`);
    else if (result.arn?.endsWith(session) !== true)
      problems.push(`${name} has the role ${String(result.arn)}`);
    else served.push(result);
  }
  const starts = pods.flatMap(({ message }) => resultOf({ message })?.start ?? []);
  return {
    problems,
    figures: [
      `containers started within:           ${(Math.max(...starts) - Math.min(...starts)).toFixed(1)} s`,
      `container start → first credentials: ${spread(served.map(({ start, answered }) => answered - start))}`,
      `  Python and its imports:            ${spread(served.map(({ start, asked }) => asked - start))}`,
      `  request for credentials:           ${spread(served.map(({ asked, answered }) => answered - asked))}`,
    ],
  };
}

function resultOf({ message }: Pick<EndedPod, 'message'>): FirstCredentials | undefined {
  return parseJson(message) as FirstCredentials | undefined;
}

function spread(seconds: readonly number[]): string {
  const sorted = seconds.map((value) => value * 1000).sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? NaN).toFixed(0);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
}
