import type { Registry } from 'prom-client';
import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { describeError } from '../log/describe-error.ts';
import { createPageServer } from './page-server.ts';
import type { MakePage, Page, PageServer } from './page-server.ts';
import { probePages } from './probe-server.ts';
import type { ProbeServerOptions } from './probe-server.ts';
import type { ReadyCheck } from './readiness.ts';

export interface OpsServerOptions extends ProbeServerOptions {
  readonly registry: Registry;
  readonly checks: readonly ReadyCheck[];
}

/** However many scrape, the page is made at most once in this time on average, with this burst. */
const PAGE_MS = 1_000;
const PAGES_AFTER_REST = 8;

/** `/metrics`, `/livez` and `/readyz` in plain text (DESIGN.md 4.7). The registry must not contain metrics about Pods or roles. */
export function createOpsServer({
  registry,
  checks,
  clock = systemClock,
  ...options
}: OpsServerOptions): PageServer {
  const metrics = rememberPage(() => scrape(registry), clock);
  const pages = new Map<string, MakePage>(probePages(checks)).set('/metrics', metrics);
  return createPageServer(pages, { ...options, clock });
}

async function scrape(registry: Registry): Promise<Page> {
  try {
    const text = await registry.metrics();
    return { status: 200, body: asBytes(text), type: registry.contentType };
  } catch (error) {
    return { status: 500, body: asBytes(`a metric failed: ${describeError(error)}\n`) };
  }
}

/** Encodes UTF-8 with one character per byte, as answers need it. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Makes the page again unless that would be too often; then returns the last one. */
function rememberPage(make: () => Promise<Page>, clock: Pick<Clock, 'monotonic'>): () => Promise<Page> {
  let left = PAGES_AFTER_REST;
  let filledMs = clock.monotonic();
  let page: Promise<Page> | undefined;
  return () => {
    const nowMs = clock.monotonic();
    left = Math.min(PAGES_AFTER_REST, left + (nowMs - filledMs) / PAGE_MS);
    filledMs = nowMs;
    if (page !== undefined && left < 1) return page;
    left -= 1;
    return (page = make());
  };
}
