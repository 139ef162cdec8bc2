import { eventually } from '@rolegate/testing';

/** Covers the start of programs on a busy machine. Milliseconds. */
export const STARTED_WITHIN_MS = 30_000;

interface Restartable {
  readonly start: () => void;
  readonly stop: (how: 'kill') => Promise<void>;
}

export interface RecoverOptions {
  /** Throws until everything works again. */
  readonly check: () => Promise<void>;
  /** Time to recover before the programs are restarted. Milliseconds. */
  readonly withinMs: number;
  readonly everyMs: number;
}

/** Starts programs that have ended, and restarts all of them if they do not recover in time. */
export async function recover(
  programs: readonly Restartable[],
  { check, withinMs, everyMs }: RecoverOptions,
): Promise<void> {
  for (const program of programs) program.start();
  try {
    await eventually(check, { withinMs, everyMs });
  } catch {
    for (const program of programs) {
      await program.stop('kill');
      program.start();
    }
    await eventually(check, { withinMs: STARTED_WITHIN_MS, everyMs });
  }
}
