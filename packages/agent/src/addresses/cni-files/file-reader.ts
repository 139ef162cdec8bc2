import { createFindings } from './findings.ts';
import type { FindingsDeps } from './findings.ts';
import { createKnownFiles } from './known-files.ts';
import type { KnownFile, KnownFiles } from './known-files.ts';
import { readNow, readOnce } from './reading.ts';
import type { Reading } from './reading.ts';
import type { ResultFiles } from './result-files.ts';

export interface FileReaderDeps extends Omit<FindingsDeps, 'readAgain'> {
  readonly files: ResultFiles;
  /** The directory has not been replaced. Never rejects. */
  readonly isSame: () => Promise<boolean>;
  /** The file was removed: its addresses are released. */
  readonly free: (path: string) => void;
}

export interface FileReader {
  /** The file may have changed. Never rejects. */
  readonly noticed: (name: string) => Promise<void>;
  /** Reads the file if it changed since it was last read. Never rejects. */
  readonly look: (name: string) => Promise<void>;
  /** A file that is expected is read at the next check. */
  readonly known: KnownFiles;
}

/** Reads the files of one directory: one read per file at a time, with a few retries for broken files. */
export function createFileReader(deps: FileReaderDeps): FileReader {
  const { directory, files } = deps;
  const known = createKnownFiles((name) => {
    deps.forget(pathOf(name));
  });
  const found = createFindings({ ...deps, readAgain: (name) => void read(name) });

  function read(name: string): Promise<void> {
    const file = known.expect(name);
    file.again = true;
    return (file.reading ??= readWhileChanging(name, file));
  }

  async function readWhileChanging(name: string, file: KnownFile): Promise<void> {
    while (file.again && known.of(name) === file) {
      file.again = false;
      file.cancel?.();
      const reading = await readOnce(files, pathOf(name));
      // If the directory was removed or replaced, its files disappear too, but none of them was released.
      if (reading.kind === 'gone' && !(await deps.isSame())) continue;
      if (known.of(name) === file) apply(name, file, reading); // otherwise forgotten in the meantime
    }
    delete file.reading;
  }

  function apply(name: string, file: KnownFile, reading: Reading): void {
    if (reading.kind !== 'gone') {
      found(name, file, reading);
      return;
    }
    deps.free(pathOf(name));
    known.forget(name);
  }

  function noticed(name: string): Promise<void> {
    const file = Object.assign(known.expect(name), { trials: 0, reported: '' });
    // Its Pod may send a request at any moment, and an asynchronous read waits for five thread-pool operations in sequence.
    const reading = file.reading === undefined ? readNow(files, pathOf(name), file.version) : 'later';
    if (reading === 'later') return read(name);
    // One write causes several events.
    if (reading !== 'known') {
      file.cancel?.();
      apply(name, file, reading);
    }
    return Promise.resolve();
  }

  async function look(name: string): Promise<void> {
    const version = known.of(name)?.version;
    if (version === undefined) return read(name);
    const stamp = await files.stamp(pathOf(name)).catch(() => undefined);
    return stamp?.version === version ? undefined : noticed(name);
  }

  function pathOf(name: string): string {
    return `${directory}/${name}`;
  }

  return { noticed, look, known };
}
