import type { Clock } from '@rolegate/runtime';
import { createCniResultsDir, createFakeClock } from '@rolegate/testing';
import type { SavedResults } from '../../src/addresses/saved-claims.ts';
import { createCniResults } from '../../src/addresses/cni-results.ts';
import { systemFiles } from '../../src/addresses/cni-files/result-files.ts';
import type { ResultFiles } from '../../src/addresses/cni-files/result-files.ts';
import { createTestLog } from './known-pods.ts';

export const POD = { uid: 'uid-1', namespace: 'shop', name: 'cart', ips: ['10.1.0.7', 'fd00::7'] };
export const OTHER = { uid: 'uid-2', namespace: 'shop', name: 'till', ips: ['10.1.0.7'] };

/** Stops what was started, in reverse order. */
function lifetime() {
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  return {
    start: (run: (signal: AbortSignal) => Promise<void>) => void running.push(run(stop.signal)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

export async function setup({
  directories,
  files = systemFiles,
  clock = createFakeClock(),
  kept,
}: { directories?: string[]; files?: ResultFiles; clock?: Clock; kept?: SavedResults } = {}) {
  const dir = await createCniResultsDir();
  const log = createTestLog();
  const life = lifetime();
  let bad = 0;
  const metrics = {
    badCniResult: () => {
      bad += 1;
    },
  };
  const results = createCniResults({
    directories: directories ?? [dir.path],
    clock,
    log,
    metrics,
    files,
    kept,
  });
  const warnings = () => log.lines.filter(([level]) => level === 'warn');
  return {
    dir,
    results,
    warnings,
    bad: () => bad,
    owns: (ip: string) => results.owner(ip)?.uid,
    start: async () => {
      life.start(results.run);
      await results.ready;
    },
    async [Symbol.asyncDispose]() {
      await life[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}
