import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and when, in a sentence; the load is that of before the run. */
export function describeMachine(date: Date, load: number): string {
  const models = cpus();
  return (
    `${date.toISOString().slice(0, 10)}, Linux ${release()}, ${models.length} × ${models[0]?.model.trim() ?? 'unknown'}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; load before the run ${load.toFixed(1)}`
  );
}

/** Processes that wanted a core in the last minute, on average. */
export function machineLoad(): number {
  return loadavg()[0] ?? 0;
}
