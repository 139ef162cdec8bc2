import { eventually } from '@rolegate/testing';
import type { Kubectl } from './kubectl.ts';
import { OPEN } from './test-pods.ts';

/** As client/first_credentials.py writes it; seconds since the epoch. */
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

/** Fifty Pods that start at once on two cores take a minute or two. */
const ENDED_WITHIN_MS = 240_000;

/** Waits until all have ended, and gives what each met. */
export async function firstCredentials(kubectl: Kubectl, count: number): Promise<readonly EndedPod[]> {
  return eventually(
    async () => {
      const { items } = (await kubectl.json('-n', OPEN, 'get', 'pods', '-l', 'app=swarm')) as PodList;
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

/** What went otherwise than it must, and the figures in lines for people. */
export function judgeFirstCredentials(pods: readonly EndedPod[]): { faults: string[]; figures: string[] } {
  const faults: string[] = [];
  const served: FirstCredentials[] = [];
  for (const { name, message } of pods) {
    const result = parse(message);
    const session = `:assumed-role/${name}/${OPEN}.default`;
    if (result === undefined) faults.push(`${name} says nothing: ${message}`);
    else if (result.error !== undefined) faults.push(`${name}: ${result.error}`);
    else if (result.arn?.endsWith(session) !== true) faults.push(`${name} is ${String(result.arn)}`);
    else served.push(result);
  }
  const starts = pods.flatMap(({ message }) => parse(message)?.start ?? []);
  return {
    faults,
    figures: [
      `containers began within:             ${(Math.max(...starts) - Math.min(...starts)).toFixed(1)} s`,
      `container start → first credentials: ${spread(served.map(({ start, answered }) => answered - start))}`,
      `of that Python and its imports:      ${spread(served.map(({ start, asked }) => asked - start))}`,
      `of that asking for credentials:      ${spread(served.map(({ asked, answered }) => answered - asked))}`,
    ],
  };
}

function parse(message: string): FirstCredentials | undefined {
  try {
    return JSON.parse(message) as FirstCredentials;
  } catch {
    return undefined;
  }
}

function spread(seconds: readonly number[]): string {
  const sorted = seconds.map((value) => value * 1000).sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? NaN).toFixed(0);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
}
