import { runProgram, systemClock } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { interceptionPrograms, parseInterceptionConfig } from '../config/interception-flags.ts';
import type { InterceptionConfig } from '../config/interception-flags.ts';
import { runIntercept, runUninstall } from './intercept.ts';
import { runReconcile } from './reconcile.ts';

type Word = keyof typeof interceptionPrograms;
type Run = (config: InterceptionConfig, log: Log, signal: AbortSignal) => Promise<void>;

const runs: Readonly<Record<Word, Run>> = {
  intercept: runIntercept,
  uninstall: runUninstall,
  reconcile: (config, log, signal) =>
    runReconcile({ config, log, clock: systemClock, random: Math.random }, signal),
};

/** Runs one of the interception commands. Resolves to the exit code. */
export function runInterceptionProgram(
  word: Word,
  process: Parameters<typeof runProgram>[1],
): Promise<number> {
  const { name } = interceptionPrograms[word];
  const parse = (input: Parameters<typeof parseInterceptionConfig>[1]) =>
    parseInterceptionConfig(interceptionPrograms[word], input);
  return runProgram({ name, parse, run: runs[word], isBadConfiguration: () => false }, process);
}
