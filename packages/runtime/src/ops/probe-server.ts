import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { createPageServer } from './page-server.ts';
import type { MakePage, PageServer, PageServerOptions } from './page-server.ts';
import { readiness } from './readiness.ts';
import type { ReadyCheck } from './readiness.ts';

export interface ProbeServerOptions extends PageServerOptions {
  /** Without them there is no `/readyz`: on a port that two processes share nobody knows which one says it. */
  readonly checks?: readonly ReadyCheck[];
  readonly clock?: Clock;
}

/** `/livez` and `/readyz` for kubelet, on a port that nobody else needs to reach (DESIGN.md 4.7). */
export function createProbeServer({
  checks,
  clock = systemClock,
  ...options
}: ProbeServerOptions): PageServer {
  return createPageServer(probePages(checks), { ...options, clock });
}

/** The pages that kubelet asks for. */
export function probePages(checks?: readonly ReadyCheck[]): ReadonlyMap<string, MakePage> {
  const pages = new Map<string, MakePage>([['/livez', () => ({ status: 200, body: 'ok\n' })]]);
  if (checks !== undefined) pages.set('/readyz', (query) => readiness(checks, isVerbose(query)));
  return pages;
}

/** As kube-apiserver takes it: `?verbose`, whatever its value. */
function isVerbose(query: string): boolean {
  return new URLSearchParams(query).has('verbose');
}
