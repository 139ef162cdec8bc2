import { describeError } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { ResultFile, ResultFiles } from './result-files.ts';

/** libcni writes without renaming: a broken file may be half of one. It is read again after these pauses. Milliseconds. */
const READ_AGAIN_AFTER_MS = [20, 100, 500] as const;
/** A result holds the Pod's annotations (256 kB at most) and the network's configuration. */
const MOST_BYTES = 1_000_000;

export interface FileReaderDeps {
  readonly directory: string;
  readonly files: ResultFiles;
  readonly clock: Clock;
  /** Takes over what a file says now; returns the fault of a broken one, of which nothing was taken over. */
  readonly take: (path: string, file: ResultFile & { readonly text: string }) => string | undefined;
  /** The file was removed: what it held is given back. */
  readonly free: (path: string) => void;
  /** Nothing is known of the file any more. */
  readonly forget: (path: string) => void;
  /** The file stayed broken. */
  readonly passOver: (path: string, fault: string) => void;
}

export interface FileReader {
  /** Something happened to the file. Never rejects. */
  readonly noticed: (name: string) => Promise<void>;
  /** Reads the file if it is not as it was when it was read last. Never rejects. */
  readonly look: (name: string) => Promise<void>;
  readonly forget: (name: string) => void;
  readonly forgetAll: () => void;
  /** The files that were read or are being read again. */
  readonly known: () => readonly string[];
}

/** What is known of one file. */
interface Entry {
  /** The state of the file that was read last and needs no second reading; undefined: it does. */
  version?: string;
  /** How often it was read again since something happened to it. */
  trials: number;
  /** The fault that was told, once and not at every look. */
  told: string;
  cancel?: () => void;
  reading?: Promise<void>;
  /** Something happened while it was being read. */
  again: boolean;
}

/** Reads the files of one directory: each by one reading at a time, the broken ones a few times more. */
export function createFileReader({
  directory,
  files,
  clock,
  take,
  free,
  forget: forgetFile,
  passOver,
}: FileReaderDeps): FileReader {
  const entries = new Map<string, Entry>();

  function read(name: string): Promise<void> {
    let entry = entries.get(name);
    if (entry === undefined) entries.set(name, (entry = { trials: 0, told: '', again: false }));
    entry.again = true;
    return (entry.reading ??= readWhileChanging(name, entry));
  }

  async function readWhileChanging(name: string, entry: Entry): Promise<void> {
    while (entry.again && entries.get(name) === entry) {
      entry.again = false;
      entry.cancel?.();
      await readOnce(name, entry);
    }
    delete entry.reading;
  }

  async function readOnce(name: string, entry: Entry): Promise<void> {
    const path = `${directory}/${name}`;
    let file: ResultFile | undefined;
    let fault: string | undefined;
    try {
      file = await files.read(path, MOST_BYTES);
    } catch (error) {
      fault = describeError(error);
    }
    if (entries.get(name) !== entry) return; // forgotten meanwhile
    if (file === undefined && fault === undefined) {
      free(path);
      forget(name);
      return;
    }
    if (file !== undefined) {
      entry.version = file.version;
      fault = file.text === undefined ? 'it is too large' : take(path, { ...file, text: file.text });
    }
    if (fault !== undefined) retry(name, entry, fault);
  }

  function retry(name: string, entry: Entry, fault: string): void {
    const pauseMs = READ_AGAIN_AFTER_MS[entry.trials];
    if (pauseMs === undefined) {
      forgetFile(`${directory}/${name}`);
      if (fault !== entry.told) passOver(`${directory}/${name}`, fault);
      entry.told = fault;
      return;
    }
    entry.trials += 1;
    entry.cancel = clock.schedule(pauseMs, () => void read(name));
  }

  function forget(name: string): void {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entry.cancel?.();
    entries.delete(name);
    forgetFile(`${directory}/${name}`);
  }

  function noticed(name: string): Promise<void> {
    const entry = entries.get(name);
    if (entry !== undefined) Object.assign(entry, { trials: 0, told: '' });
    return read(name);
  }

  async function look(name: string): Promise<void> {
    const known = entries.get(name)?.version;
    if (known === undefined) return read(name);
    const stamp = await files.stamp(`${directory}/${name}`).catch(() => undefined);
    return stamp?.version === known ? undefined : noticed(name);
  }

  function forgetAll(): void {
    for (const name of [...entries.keys()]) forget(name);
  }

  return { noticed, look, forget, forgetAll, known: () => [...entries.keys()] };
}
