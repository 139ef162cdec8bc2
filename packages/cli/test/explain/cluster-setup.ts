import { setImmediate } from 'node:timers/promises';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { ClusterError, faultOf } from '../../src/cluster/cluster-error.ts';
import type { ClusterFault } from '../../src/cluster/cluster-error.ts';
import type { Connection, GetRequest } from '../../src/cluster/connection.ts';
import type { ExecOutcome, PodProgram } from '../../src/cluster/exec.ts';
import { explainPod } from '../../src/explain/command.ts';
import { recordedOutput } from '../recorded-output.ts';
import { agentPrints, podOf, serverPrints, statusPrints } from './evidence-setup.ts';
import type { Planted } from './evidence-setup.ts';

type ExplainCall = Parameters<typeof explainPod>[1];

/** Turns of the event loop. Nothing that is in memory takes as many. */
const MOST_TURNS = 1_000;

/** What is at a path: an object, the API server's status, or how it cannot be reached. */
type Stored = object | number | ClusterFault;

/** A cluster that a test can change. */
export interface StandIn {
  /** By path with `?fieldSelector`, if it has one. Whatever is not in it does not exist. */
  readonly objects: Record<string, Stored>;
  /** By Pod of Rolegate. */
  readonly logs: Record<string, readonly (object | string)[] | number>;
  /** What a program prints, by Pod and its last words. A number is its exit code if it is not 0. */
  readonly programs: Record<string, object | ExecOutcome>;
  /** A program answers only after this has been asked for, by Pod. */
  readonly after: Record<string, string>;
  /** All that was asked for. */
  readonly asked: string[];
}

/** Has the Pod shop/checkout, its node's agent and a server. */
export function standIn(planted: Planted = {}): StandIn {
  return {
    objects: {
      '/api/v1/namespaces/shop': {},
      '/api/v1/namespaces/shop/pods/checkout': podOf(planted),
      '/api/v1/pods': { items: [rolegatePod('agent', 'agent-a'), rolegatePod('server', 'server-0')] },
    },
    logs: { 'agent-a': [] },
    programs: {
      'server-0 --pod=shop/checkout --json': serverPrints(planted),
      'agent-a --pod=shop/checkout --json': agentPrints(planted),
      'agent-a status --json': statusPrints(planted),
    },
    after: {},
    asked: [],
  };
}

export function rolegatePod(component: 'agent' | 'server', name: string, status: object = {}): object {
  const labels = { 'app.kubernetes.io/part-of': 'rolegate', 'app.kubernetes.io/component': component };
  return {
    metadata: { name, namespace: 'rolegate', uid: name, labels },
    spec: { nodeName: name.replace('agent', 'node'), containers: [{ name: component }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...status },
  };
}

/** Runs the command as `kubectl rolegate explain WORD`. */
export async function explained(
  cluster: StandIn,
  {
    word = 'shop/checkout',
    width = 200,
    signal = new AbortController().signal,
    ...values
  }: Partial<ExplainCall['values']> & Asked = {},
) {
  const output = { ...recordedOutput(), width };
  const call: ExplainCall = {
    values: { ...NO_FLAGS, ...values },
    words: [word],
    env: {},
    output,
    signal,
  };
  const opened = { connection: connectionTo(cluster), exec: execIn(cluster), namespace: 'shop' };
  const code = await explainPod(opened, call);
  const text = output.printed();
  return { code, text, notes: output.notes, verdict: /^verdict +(.*)$/m.exec(text)?.[1] };
}

interface Asked {
  readonly word?: string;
  readonly width?: number;
  readonly signal?: AbortSignal;
}

const NO_FLAGS: ExplainCall['values'] = {
  namespace: undefined,
  output: 'text',
  kubeconfig: undefined,
  context: undefined,
  as: undefined,
  'rolegate-namespace': undefined,
};

function connectionTo({ objects, logs, asked }: StandIn): Connection {
  const find = ({ path, query = {}, right }: GetRequest): object => {
    const { fieldSelector } = query;
    const key = fieldSelector === undefined ? path : `${path}?${fieldSelector}`;
    asked.push(key);
    const stored = objects[key] ?? 404;
    if (typeof stored === 'object') return stored;
    throw new ClusterError(typeof stored === 'string' ? stored : faultOf(stored), right, 'it said no');
  };
  return {
    async json(request) {
      await Promise.resolve();
      return find(request);
    },
    async stream({ path, query, right }) {
      await Promise.resolve();
      asked.push(`${path}?${new URLSearchParams(query).toString()}`);
      const log = logs[path.split('/').at(-2) ?? ''] ?? 404;
      if (typeof log === 'number') throw new ClusterError(faultOf(log), right, 'it said no');
      const texts = log.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
      const lines = texts.map((text) => `2026-11-30T07:00:00Z ${text}\n`);
      return chunksOf(Buffer.from(lines.join('')));
    },
    close: () => undefined,
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- what is read is in memory
async function* chunksOf(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

function execIn({ programs, after, asked }: StandIn): Cluster['exec'] {
  return async ({ pod, command }: PodProgram): Promise<ExecOutcome> => {
    const key = `${pod} ${command.slice(-2).join(' ')}`;
    asked.push(key);
    const first = after[pod];
    for (let turn = 0; first !== undefined && !asked.includes(first); turn += 1) {
      if (turn === MOST_TURNS) throw new Error(`${first} was not asked for before ${key} answered`);
      await setImmediate();
    }
    const prints = programs[key];
    if (prints === undefined) return { kind: 'failed', fault: 'no answer within 5 s' };
    if ('kind' in prints) return prints;
    return { kind: 'exited', code: 0, stdout: JSON.stringify(prints), stderr: '' };
  };
}
