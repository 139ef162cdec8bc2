import type { Clock } from '@rolegate/runtime';
import { mayNameAddresses } from './parse-result.ts';
import type { CniResult } from './parse-result.ts';
import type { KnownFile } from './known-files.ts';
import type { Failed, Read } from './reading.ts';
import type { Stamp } from './result-files.ts';

/** libcni writes files in place, so a broken file may be half-written. It is reread after these pauses. Milliseconds. */
const READ_AGAIN_AFTER_MS = [20, 100, 500] as const;

export interface FindingsDeps {
  readonly directory: string;
  readonly clock: Pick<Clock, 'schedule'>;
  /** The current content of the file. */
  readonly take: (path: string, result: CniResult, stamp: Stamp) => void;
  /** Nothing is known about the file any more. */
  readonly forget: (path: string) => void;
  /** The file exists but cannot be read. `anything`: it may name other addresses than when it was last read. */
  readonly unreadable: (path: string, anything: boolean) => void;
  /** Called once for a file that stays unreadable. */
  readonly report: (path: string, fault: string) => void;
  readonly readAgain: (name: string) => void;
}

/** Reports what was read from an existing file; a broken file is retried a few times. */
export function createFindings(
  deps: FindingsDeps,
): (name: string, known: KnownFile, reading: Read | Failed) => void {
  const { directory, clock } = deps;

  /** Its Pod may already run, so there is no time to wait for a second read. */
  function failed(name: string, known: KnownFile, { version, fault, tryAgain }: Failed): void {
    if (!tryAgain && version !== undefined) known.version = version;
    const isAsUnderstood = version !== undefined && version === known.understood;
    deps.unreadable(`${directory}/${name}`, !isAsUnderstood && mayNameAddresses(name));
    if (!retry(name, known)) report(name, known, fault);
  }

  function read(name: string, known: KnownFile, { stamp, read: found }: Read): void {
    const path = `${directory}/${name}`;
    known.version = stamp.version;
    if (found.kind === 'broken') {
      if (retry(name, known)) return;
      // A file that stays truncated was abandoned while it was written: no container of its Pod has started.
      deps.unreadable(path, !found.cutShort && mayNameAddresses(name));
      report(name, known, found.fault);
      return;
    }
    known.understood = stamp.version;
    if (found.kind === 'result') deps.take(path, found.result, stamp);
    else deps.forget(path);
  }

  /** False: no retries left. */
  function retry(name: string, known: KnownFile): boolean {
    const pauseMs = READ_AGAIN_AFTER_MS[known.trials];
    if (pauseMs === undefined) return false;
    known.trials += 1;
    known.cancel = clock.schedule(pauseMs, () => {
      deps.readAgain(name);
    });
    return true;
  }

  function report(name: string, known: KnownFile, fault: string): void {
    if (fault !== known.reported) deps.report(`${directory}/${name}`, fault);
    known.reported = fault;
  }

  return (name, known, reading) => {
    delete known.version;
    if (reading.kind === 'failed') failed(name, known, reading);
    else read(name, known, reading);
  };
}
