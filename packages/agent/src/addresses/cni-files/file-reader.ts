import { createFindings } from './findings.ts';
import type { FindingsDeps, KnownFile } from './findings.ts';
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
  readonly forget: (name: string) => void;
  readonly forgetAll: () => void;
  readonly knows: (name: string) => boolean;
  /** The file is known from now on; it is read when it is looked at. */
  readonly expect: (name: string) => void;
  /** The files that were read, are being read again, or are expected. */
  readonly known: () => readonly string[];
}

interface Entry extends KnownFile {
  reading?: Promise<void>;
  /** Something happened while it was being read. */
  again: boolean;
}

/** Reads the files of one directory: each by one reading at a time, those with a fault a few times more. */
export function createFileReader(deps: FileReaderDeps): FileReader {
  const { directory, files } = deps;
  const entries = new Map<string, Entry>();
  const found = createFindings({ ...deps, readAgain: (name) => void read(name) });

  function expect(name: string): Entry {
    const entry = entries.get(name) ?? { trials: 0, reported: '', again: false };
    entries.set(name, entry);
    return entry;
  }

  function read(name: string): Promise<void> {
    const entry = expect(name);
    entry.again = true;
    return (entry.reading ??= readWhileChanging(name, entry));
  }

  async function readWhileChanging(name: string, entry: Entry): Promise<void> {
    while (entry.again && entries.get(name) === entry) {
      entry.again = false;
      entry.cancel?.();
      const reading = await readOnce(files, `${directory}/${name}`);
      // With a directory that is gone, or another one, go its files; none of them was removed.
      if (reading.kind === 'gone' && !(await deps.isSame())) continue;
      if (entries.get(name) === entry) apply(name, entry, reading); // else forgotten meanwhile
    }
    delete entry.reading;
  }

  function apply(name: string, entry: Entry, reading: Reading): void {
    if (reading.kind !== 'gone') {
      found(name, entry, reading);
      return;
    }
    deps.free(`${directory}/${name}`);
    forget(name);
  }

  function forget(name: string): void {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entry.cancel?.();
    entries.delete(name);
    deps.forget(`${directory}/${name}`);
  }

  function noticed(name: string): Promise<void> {
    const entry = Object.assign(expect(name), { trials: 0, reported: '' });
    // Its Pod may ask at any moment: whoever reads it by the thread pool waits for five threads, one after the other.
    const reading =
      entry.reading === undefined ? readNow(files, `${directory}/${name}`, entry.version) : 'later';
    if (reading === 'later') return read(name);
    // One write is told several times.
    if (reading !== 'known') {
      entry.cancel?.();
      apply(name, entry, reading);
    }
    return Promise.resolve();
  }

  async function look(name: string): Promise<void> {
    const known = entries.get(name)?.version;
    if (known === undefined) return read(name);
    const stamp = await files.stamp(`${directory}/${name}`).catch(() => undefined);
    return stamp?.version === known ? undefined : noticed(name);
  }

  return {
    noticed,
    look,
    forget,
    forgetAll() {
      for (const name of [...entries.keys()]) forget(name);
    },
    knows: (name) => entries.has(name),
    expect,
    known: () => [...entries.keys()],
  };
}
