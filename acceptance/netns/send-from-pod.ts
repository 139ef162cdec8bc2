import { outputOf, runCommand } from '@rolegate/testing';
import { fileURLToPath } from 'node:url';
import { inUrl, METADATA } from '../network/addresses.ts';
import type { Addresses } from '../network/addresses.ts';
import { httpRequest } from './pod-tasks.ts';
import type { Answer, ConnectResult, HammerResult, PodTask, PodRequest } from './pod-tasks.ts';

const CLIENT = fileURLToPath(new URL('./pod-client.ts', import.meta.url));

/** The two paths that no unprivileged Pod may read. */
export const PATHS = ['/latest/meta-data/iam/security-credentials', '/latest/user-data'] as const;

export type Family = keyof Addresses;
export const families: readonly Family[] = ['ipv4', 'ipv6'];

export interface CurlAnswer {
  readonly path: (typeof PATHS)[number];
  readonly family: Family;
  /** curl's exit code; 0 if there was an answer. */
  readonly code: number | null;
  readonly body: string;
}

/** Requests both paths with curl over both address families. `through` is the command that enters the Pod. */
export function curlBothPaths(through: readonly string[]): Promise<CurlAnswer[]> {
  return Promise.all(
    families.flatMap((family) =>
      PATHS.map(async (path) => {
        const url = `http://${inUrl(METADATA[family])}${path}`;
        const { code, stdout } = await runCommand([...through, 'curl', '-s', '-m', '5', url]);
        return { path, family, code, body: stdout };
      }),
    ),
  );
}

/** Runs the task in one process in the Pod. */
export async function sendFrom(
  through: readonly string[],
  task: Exclude<PodTask, { kind: 'hammer' | 'connect' }>,
): Promise<Answer[]> {
  return JSON.parse(await runTask(through, task)) as Answer[];
}

/** Repeats the same requests for a time. */
export async function hammerFrom(
  through: readonly string[],
  task: Omit<Extract<PodTask, { kind: 'hammer' }>, 'kind' | 'silenceMs'>,
): Promise<HammerResult> {
  const whole: PodTask = { kind: 'hammer', silenceMs: 2_000, ...task };
  return JSON.parse(await runTask(through, whole)) as HammerResult;
}

/** Opens connections to port 80 of the metadata address simultaneously. Returns how many were established in time. */
export async function connectFrom(
  through: readonly string[],
  { family, count, withinMs }: { readonly family: Family; readonly count: number; readonly withinMs: number },
): Promise<number> {
  const task: PodTask = { kind: 'connect', host: METADATA[family], port: 80, count, withinMs };
  return (JSON.parse(await runTask(through, task)) as ConnectResult).opened;
}

/** Requests for both paths over both families. */
export const bothPaths: readonly PodRequest[] = families.flatMap((family) =>
  PATHS.map((path) => podRequest(family, path, httpRequest({ target: path, host: inUrl(METADATA[family]) }))),
);

/** A request to port 80 of the metadata address. */
export function podRequest(family: Family, name: string, bytes: string): PodRequest {
  return { name: `${name} (${family})`, host: METADATA[family], port: 80, bytes };
}

function runTask(through: readonly string[], task: PodTask): Promise<string> {
  return outputOf([...through, process.execPath, CLIENT], {
    input: JSON.stringify(task),
    timeoutMs: 60_000,
  });
}
