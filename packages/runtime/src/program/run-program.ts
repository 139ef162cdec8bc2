import type { Environment } from '../flags/env.ts';
import { describeError } from '../log/describe-error.ts';
import { createLog } from '../log/log.ts';
import type { Log, LogOptions } from '../log/log.ts';
import { VERSION } from './version.ts';

/** Exit code for an invalid configuration. */
const BAD_CONFIGURATION = 2;

interface Loggable {
  readonly log: Omit<LogOptions, 'write'>;
}

export interface RunnableProgram<Config extends Loggable> {
  readonly name: string;
  readonly parse: (input: {
    readonly argv: readonly string[];
    readonly env: Environment;
  }) =>
    | { readonly kind: 'config'; readonly config: Config; readonly warnings: readonly string[] }
    | { readonly kind: 'faults'; readonly faults: readonly string[] }
    | { readonly kind: 'help'; readonly text: string }
    | { readonly kind: 'version' };
  /** Runs until the signal aborts. An error is logged and ends the program with 1. */
  readonly run: (
    config: Config,
    log: Log,
    signal: AbortSignal,
    /** Warnings about flags, which have been logged. */
    warnings: readonly string[],
  ) => Promise<void>;
  /** True if the error can only be fixed by another configuration, e.g. an unreadable file. */
  readonly isBadConfiguration: (error: unknown) => boolean;
}

/** The parts of `process` that a program uses. */
export interface ProcessLike {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/**
 * Runs a program: flags, log and signals. Resolves with the exit code: 0 stopped, 1 failed, 2 invalid configuration.
 */
export async function runProgram<Config extends Loggable>(
  { name, parse, run, isBadConfiguration }: RunnableProgram<Config>,
  process: ProcessLike,
): Promise<0 | 1 | 2> {
  const { argv, env, stdout, stderr } = process;
  const outcome = parse({ argv: argv.slice(2), env });
  switch (outcome.kind) {
    case 'help':
      stdout.write(outcome.text);
      return 0;
    case 'version':
      stdout.write(`${name} ${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(outcome.faults.map((fault) => `${name}: ${fault}\n`).join(''));
      return BAD_CONFIGURATION;
    case 'config':
  }
  const { config, warnings } = outcome;
  const log = createLog({ ...config.log, write: (line) => stdout.write(line) });
  for (const warning of warnings) log.warn('configuration warning', { warning });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop.abort();
    });
  }
  try {
    await run(config, log, stop.signal, warnings);
    return 0;
  } catch (error) {
    log.error('program failed; exiting', {
      error: describeError(error),
      hint: 'Fix what `error` names. The kubelet restarts the container. With exit code 2 the configuration is invalid, and restarts do not help.',
    });
    return isBadConfiguration(error) ? BAD_CONFIGURATION : 1;
  }
}
