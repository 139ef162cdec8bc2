import { eventually as eventuallyWithin } from '@rolegate/testing';
import { startWorld } from '../src/world.ts';
import type { World, WorldOptions } from '../src/world.ts';
import { createImdsClient } from '../src/imds-client.ts';
import type { ImdsClient } from '../src/imds-client.ts';
import type { HttpAnswer } from '../src/request-from.ts';
import type { Manifest } from '../src/manifests.ts';
import { expect } from 'vitest';

export const ROLE = 'iam.amazonaws.com/role';
export const PERMITTED = 'iam.amazonaws.com/permitted';
export const ALLOWED = 'iam.amazonaws.com/allowed-roles';

/** For a process on a busy machine. Checks that pass earlier do not wait. Milliseconds. */
const WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 20;

export interface LogLine {
  readonly msg?: string;
  readonly level?: string;
  readonly reason?: string;
  readonly pod?: string;
  readonly [field: string]: unknown;
}

export interface Setup extends AsyncDisposable {
  readonly world: World;
  readonly agentLog: readonly LogLine[];
  readonly serverLog: readonly LogLine[];
  /** Sends requests as the Pod `namespace/name`. */
  readonly as: (name: string) => ImdsClient;
  /** Sends requests from the address. */
  readonly from: (ip: string) => ImdsClient;
}

/** A world with readable logs, the Namespace `steady` and its Pod `steady/pod`, which must always be served. */
export async function setup(
  options: Omit<WorldOptions, 'onAgentLine' | 'onServerLine'> = {},
): Promise<Setup> {
  const agentLog: LogLine[] = [];
  const serverLog: LogLine[] = [];
  const world = await startWorld({
    ...options,
    onAgentLine: (line) => agentLog.push(parseLine(line)),
    onServerLine: (line) => serverLog.push(parseLine(line)),
  });
  await world.apply([namespace('steady', { [PERMITTED]: 'steady' }), pod('steady/pod', 'steady')]);
  const from = (ip: string) => createImdsClient({ ip, agent: world.agent });
  return {
    world,
    agentLog,
    serverLog,
    from,
    as(name) {
      const found = world.node.pod(`Pod ${name}`);
      if (found === undefined) throw new Error(`there is no Pod ${name}`);
      return from(found.ip);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Adds objects to the cluster, or replaces those of the same kind and name. */
export async function add({ world }: Setup, ...manifests: Manifest[]): Promise<void> {
  const isNew = ({ kind, metadata }: Manifest) =>
    !manifests.some(
      (other) =>
        other.kind === kind &&
        other.metadata.name === metadata.name &&
        other.metadata.namespace === metadata.namespace,
    );
  await world.apply([...world.manifests.filter(isNew), ...manifests]);
}

export function namespace(name: string, annotations: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** `named`: namespace/name. */
export function pod(named: string, role?: string, spec: Readonly<Record<string, unknown>> = {}): Manifest {
  const [inNamespace = '', name = ''] = named.split('/');
  const annotations = role === undefined ? {} : { [ROLE]: role };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: inNamespace, name, annotations }, spec };
}

/** Repeats the check until it resolves. Rejects with its last error at the deadline. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return eventuallyWithin(check, { withinMs: WITHIN_MS, everyMs: LOOK_EVERY_MS });
}

/** Lines arrive through a pipe, somewhat later than what they report. */
export async function expectLine(log: readonly LogLine[], fields: LogLine): Promise<void> {
  await eventually(() => {
    expect(log).toContainEqual(expect.objectContaining({ ...fields }));
  });
}

/** The compared parts of an answer. The role is the one in the list. */
export function seen({ status, role }: HttpAnswer & { readonly role: string }): {
  status: number;
  role: string;
} {
  return { status, role };
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
