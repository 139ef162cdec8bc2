import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '@rolegate/testing';
import type { ImageFlags } from '../chart-programs/image-flags.ts';
import { readImageFlags } from '../chart-programs/image-flags.ts';
import type { Options } from './options.ts';

export type ProgramName = 'agent' | 'server';

export interface BundleStart {
  readonly name: ProgramName;
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly discardLog?: boolean;
  /** A command prefix that executes the program, such as one that enters a control group. */
  readonly through?: readonly string[];
  /** Until `untilAnswers` gives up. Milliseconds. */
  readonly readyWithinMs?: number;
}

/** A running program. */
export interface Bundle extends AsyncDisposable {
  readonly pid: number;
  /** Time of performance.now(). */
  readonly startedMs: number;
  /** Resolves to the milliseconds since exec when the path returns 200. */
  readonly untilAnswers: (port: number, path?: string) => Promise<number>;
  /** Resolves to the milliseconds since exec when the program has ended by itself. */
  readonly ended: () => Promise<number>;
  /** Ends it at once, as if its node had failed. */
  readonly kill: () => Promise<void>;
}

export interface Bundles {
  readonly flags: Readonly<Record<ProgramName, ImageFlags>>;
  readonly start: (start: BundleStart) => Bundle;
}

const READY_WITHIN_MS = 30_000;
/** Precision of the time of a start. */
const POLL_MS = 5;

/** Starts the bundles as the images do. */
export async function openBundles(
  { bundles, moreFlags, cpuProf }: Options,
  folder: string,
): Promise<Bundles> {
  const flags = { agent: await readImageFlags('agent'), server: await readImageFlags('server') };
  const profile = cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(cpuProf)}`];
  let starts = 0;

  function start({
    name,
    words,
    env = {},
    discardLog = false,
    through = [],
    readyWithinMs = READY_WITHIN_MS,
  }: BundleStart): Bundle {
    const logFile = join(folder, `${name}-${starts++}.log`);
    const log = discardLog ? 'ignore' : openSync(logFile, 'a');
    const startedMs = performance.now();
    const command = [
      ...through,
      process.execPath,
      ...flags[name].node,
      ...moreFlags[name],
      ...profile,
      resolve(bundles, `${name}.cjs`),
      ...words,
    ];
    const program = startProcess(command, {
      env: { ...flags[name].env, ...env },
      output: log,
    });
    if (typeof log === 'number') closeSync(log);
    const exited = program.ended.then(() => performance.now() - startedMs);
    return {
      pid: program.pid,
      startedMs,
      ended: () => exited,
      kill: program.kill,
      async untilAnswers(port, path = '/readyz') {
        while (!(await isOk(port, path))) {
          const tookMs = performance.now() - startedMs;
          if (!program.running || tookMs > readyWithinMs)
            throw new Error(`the ${name} does not start:\n${discardLog ? '' : await lastLines(logFile)}`);
          await sleep(POLL_MS);
        }
        return performance.now() - startedMs;
      },
      async [Symbol.asyncDispose]() {
        if (program.running) await program.stop();
      },
    };
  }

  for (const name of ['agent', 'server'] as const) await start({ name, words: ['--version'] }).ended();
  return { flags, start };
}

function isOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve_) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve_(response.statusCode === 200);
    });
    request.on('error', () => {
      resolve_(false);
    });
    request.on('timeout', () => request.destroy());
  });
}

async function lastLines(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).split('\n').slice(-10).join('\n');
}
