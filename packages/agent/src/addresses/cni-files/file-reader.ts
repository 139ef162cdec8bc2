import { createFindings } from './findings.ts';
import type { FindingsDeps } from './findings.ts';
import { createKnownFiles } from './known-files.ts';
import type { KnownFile, KnownFiles } from './known-files.ts';
import { readNow, readOnce } from './reading.ts';
import type { Reading } from './reading.ts';
import type { ResultFiles } from './result-files.ts';

export interface FileReaderDeps extends Omit<FindingsDeps, 'readAgain'> {
  readonly files: ResultFiles;
  /** The directory is still the one that it was. Never rejects. */
  readonly isSame: () => Promise<boolean>;
  /** The file was removed: what it named is released. */
  readonly free: (path: string) => void;
}

export interface FileReader {
  /** Something happened to the file. Never rejects. */
  readonly noticed: (name: string) => Promise<void>;
  /** Reads the file if it is not as it was when it was read last. Never rejects. */
  readonly look: (name: string) => Promise<void>;
  /** A file that is expected is read when it is looked at. */
  readonly known: KnownFiles;
}

/** Reads the files of one directory: each by one reading at a time, those with a fault a few times more. */
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
      // With a directory that is gone, or another one, go its files; none of them was removed.
      if (reading.kind === 'gone' && !(await deps.isSame())) continue;
      if (known.of(name) === file) apply(name, file, reading); // else forgotten meanwhile
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
    // Its Pod may ask at any moment: whoever reads it by the thread pool waits for five threads, one after the other.
    const reading = file.reading === undefined ? readNow(files, pathOf(name), file.version) : 'later';
    if (reading === 'later') return read(name);
    // One write is told several times.
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
