import { outputOf, runCommand } from '@rolegate/testing';
import { fileURLToPath } from 'node:url';
import { inUrl, METADATA } from '../network/addresses.ts';
import type { Addresses } from '../network/addresses.ts';
import { httpRequest } from './pod-orders.ts';
import type { Answer, CrowdResult, HammerResult, PodOrder, Sent } from './pod-orders.ts';

const CLIENT = fileURLToPath(new URL('./pod-client.ts', import.meta.url));

/** The two calls that nobody without privileges may get through. */
export const PATHS = ['/latest/meta-data/iam/security-credentials', '/latest/user-data'] as const;

export type Family = keyof Addresses;
export const families: readonly Family[] = ['ipv4', 'ipv6'];

export interface CurlAnswer {
  readonly path: (typeof PATHS)[number];
  readonly family: Family;
  /** Of curl; 0: there was an answer. */
  readonly code: number | null;
  readonly body: string;
}

/** `curl -s` of both, by both families, through the command that enters the Pod. */
export function askBoth(through: readonly string[]): Promise<CurlAnswer[]> {
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

/** Does it in the Pod, in one process. */
export async function sendFrom(
  through: readonly string[],
  order: Exclude<PodOrder, { kind: 'hammer' | 'crowd' }>,
): Promise<Answer[]> {
  return JSON.parse(await ordered(through, order)) as Answer[];
}

/** The same requests again and again for a time. */
export async function hammerFrom(
  through: readonly string[],
  order: Omit<Extract<PodOrder, { kind: 'hammer' }>, 'kind' | 'silenceMs'>,
): Promise<HammerResult> {
  const whole: PodOrder = { kind: 'hammer', silenceMs: 2_000, ...order };
  return JSON.parse(await ordered(through, whole)) as HammerResult;
}

/** Opens connections to port 80 of the metadata address, all at once; gives how many came to be within the time. */
export async function crowdFrom(
  through: readonly string[],
  { family, count, withinMs }: { readonly family: Family; readonly count: number; readonly withinMs: number },
): Promise<number> {
  const order: PodOrder = { kind: 'crowd', host: METADATA[family], port: 80, count, withinMs };
  return (JSON.parse(await ordered(through, order)) as CrowdResult).opened;
}

/** The two calls as bytes. */
export const bothCalls: readonly Sent[] = families.flatMap((family) =>
  PATHS.map((path) => sentTo(family, path, httpRequest({ target: path, host: inUrl(METADATA[family]) }))),
);

/** To port 80 of the metadata address. */
export function sentTo(family: Family, name: string, bytes: string): Sent {
  return { name: `${name} (${family})`, host: METADATA[family], port: 80, bytes };
}

function ordered(through: readonly string[], order: PodOrder): Promise<string> {
  return outputOf([...through, process.execPath, CLIENT], {
    input: JSON.stringify(order),
    timeoutMs: 60_000,
  });
}
