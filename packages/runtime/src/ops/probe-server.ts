import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { createPageServer } from './page-server.ts';
import type { MakePage, PageServer, PageServerOptions } from './page-server.ts';
import { readiness } from './readiness.ts';
import type { ReadyCheck } from './readiness.ts';

export interface ProbeServerOptions extends PageServerOptions {
  /** Without them there is no `/readyz`: on a port that two processes share, it would be unclear which one answers. */
  readonly checks?: readonly ReadyCheck[];
  readonly clock?: Clock;
}

/**
 * More than those of other pages, because processes on the host network can use kubelet's own address, and a connection that
 * arrives together with many others could lose its place before its request is read.
 */
const PLACES = { perClient: 32, total: 256, spared: 0 };

/** Serves `/livez` and `/readyz` to kubelet on a port that only kubelet needs to reach (DESIGN.md 4.7). */
export function createProbeServer({
  checks,
  clock = systemClock,
  ...options
}: ProbeServerOptions): PageServer {
  return createPageServer(probePages(checks), { places: PLACES, ...options, clock });
}

/** The pages that kubelet requests. */
export function probePages(checks?: readonly ReadyCheck[]): ReadonlyMap<string, MakePage> {
  const pages = new Map<string, MakePage>([['/livez', () => ({ status: 200, body: 'ok\n' })]]);
  if (checks !== undefined) pages.set('/readyz', (query) => readiness(checks, isVerbose(query)));
  return pages;
}

/** `?verbose` with any value, as in kube-apiserver. */
function isVerbose(query: string): boolean {
  return new URLSearchParams(query).has('verbose');
}
