import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BenchWorld } from '../world.ts';
import { rowOf, say } from '../row.ts';
import type { Row } from '../row.ts';

/** Writes a kubeconfig for an API server with the logs of three agents. Takes the number of lines of each. */
const BUSY_CLUSTER = new URL('../../../packages/cli/test/bundle/busy-cluster.ts', import.meta.url);
const AGENTS = 3;
/** Of each agent. */
const LINES = 10_000;
const QUICK_LINES = 100;

interface Run {
  readonly tookMs: number;
  /** Peak RSS. MiB. */
  readonly peak: number;
}

/** The kubectl plugin merges the logs of busy agents, over TLS, into a pipe. */
export async function logs(bench: BenchWorld): Promise<Row[]> {
  const { quick, rounds } = bench.options;
  const lines = quick ? QUICK_LINES : LINES;
  await using stack = new AsyncDisposableStack();
  const kubeconfig = await bench.writeKubeconfig(await startBusyCluster(lines, stack));
  const help: Run[] = [];
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    help.push(await run(bench, ['--help']));
    // With a line for the day.
    runs.push(await run(bench, ['logs', '--since', '48h', '--kubeconfig', kubeconfig], AGENTS * lines + 1));
  }
  const what = `kubectl rolegate logs, ${AGENTS} agents with ${lines} lines each`;
  return [
    rowOf({ what, values: runs.map(({ tookMs }) => tookMs), say: say.seconds, atMost: 2_000 }),
    rowOf({ what: 'the same, peak RSS', values: runs.map(({ peak }) => peak), say: say.mb, atMost: 150 }),
    rowOf({
      what: 'kubectl rolegate --help',
      values: help.map(({ tookMs }) => tookMs),
      say: say.ms,
      atMost: 300,
    }),
  ];
}

/** Returns a kubeconfig. */
async function startBusyCluster(lines: number, stack: AsyncDisposableStack): Promise<string> {
  const command = ['--conditions=development', fileURLToPath(BUSY_CLUSTER), String(lines)];
  const cluster = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
  stack.defer(async () => {
    const exited = once(cluster, 'exit');
    cluster.stdin.end();
    await exited;
  });
  const [kubeconfig] = (await once(createInterface({ input: cluster.stdout }), 'line')) as [string];
  return kubeconfig;
}

/** Runs the bundle as its first line says. Throws unless it ends well and prints so many lines. */
async function run({ options, folder }: BenchWorld, words: readonly string[], lines?: number): Promise<Run> {
  const report = join(folder, 'report-memory.cjs');
  // Not resource usage, which includes the parent's at the fork.
  await writeFile(
    report,
    `process.on('exit', () => require('node:fs').writeSync(2, require('node:fs').readFileSync('/proc/self/status')));`,
  );
  const startMs = performance.now();
  const bundle = resolve(options.bundles, 'kubectl-rolegate.cjs');
  const child = spawn(process.execPath, ['--require', report, bundle, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let printed = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', at + 1)) printed += 1;
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const tookMs = performance.now() - startMs;
  if (code !== 0 || (lines !== undefined && printed !== lines))
    throw new Error(`kubectl rolegate ${words.join(' ')}: exit code ${code}, ${printed} lines\n${stderr}`);
  return { tookMs, peak: Number(/^VmHWM:\s+(\d+) kB$/m.exec(stderr)?.[1]) / 1024 };
}
