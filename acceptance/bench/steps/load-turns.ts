import { startChild } from '../../processes/start-child.ts';
import type { BareCalls } from '../children/bare.ts';
import type { Load, LoadResult } from '../children/load.ts';
import { cpuMs } from '../process-usage.ts';
import type { Answer } from '../send-request.ts';
import type { BenchWorld } from '../world.ts';
import type { Cell, Contender } from './warm-figures.ts';

/** A contender with its requests. */
export interface Target {
  readonly contender: Contender;
  /** Undefined: CPU time is unknown. */
  readonly pid: number | undefined;
  readonly host?: string;
  readonly port: number;
  readonly sources: Load['sources'];
}

/** One turn of the contender. */
export async function measureCell(
  { contender, pid, ...target }: Target,
  { load, ...how }: Omit<Load, 'host' | 'port' | 'sources'> & { load: (load: Load) => Promise<LoadResult> },
): Promise<Omit<Cell, 'round'>> {
  const before = pid === undefined ? NaN : await cpuMs(pid);
  const result = await load({ ...target, ...how });
  const used = pid === undefined ? undefined : (await cpuMs(pid)) - before;
  return { ...result, contender, keepAlive: how.keepAlive, cpuMs: used };
}

/** Starts a server in its own process that always sends the answer. */
export async function startStandIn(
  { bundles }: BenchWorld,
  {
    contender,
    answer: { body, rawHeaders },
    sources,
  }: Pick<Target, 'sources'> & { readonly contender: 'bare' | 'raw'; readonly answer: Answer },
  stack: AsyncDisposableStack,
): Promise<Target> {
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at] !== 'Connection') headers.push(...rawHeaders.slice(at, at + 2));
  const child = stack.use(
    await startChild<BareCalls>(new URL('../children/bare.ts', import.meta.url), bundles.flags.agent),
  );
  return { contender, pid: child.pid, port: await child.call[contender]({ headers, body }), sources };
}
