import { describeError } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import { createCniResultReader, mayNameAddresses } from './cni-result.ts';
import type { CniResult, ReadCniResult } from './cni-result.ts';
import type { ResultFiles, Stamp } from './result-files.ts';

/** libcni writes without renaming: a broken file may be half of one. It is read again after these pauses. Milliseconds. */
const READ_AGAIN_AFTER_MS = [20, 100, 500] as const;
/**
 * A result holds the Pod's annotations (256 KiB, escaped up to six times as long) and its host ports: 7.6 MB are the most that an
 * object of etcd's 1.5 MiB can grow to (ADR 4).
 */
const MOST_BYTES = 8 * 1024 * 1024;

export interface FileReaderDeps {
  readonly directory: string;
  readonly files: ResultFiles;
  readonly clock: Clock;
  /** The directory is still the one that it was. Never rejects. */
  readonly isSame: () => Promise<boolean>;
  /** What the file says now. */
  readonly take: (path: string, result: CniResult, stamp: Stamp) => void;
  /** The file was removed: what it named is released. */
  readonly free: (path: string) => void;
  /** Nothing is known of the file any more. */
  readonly forget: (path: string) => void;
  /** The file is there and cannot be read. `anything`: it may name other addresses than when it was last read. */
  readonly unreadable: (path: string, anything: boolean) => void;
  /** Called once for a file that stays unreadable. */
  readonly report: (path: string, fault: string) => void;
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

/** What is known of one file. */
interface Entry {
  /** The state of the file that was read last and needs no second reading; undefined: it does. */
  version?: string;
  /** The state in which it was last understood. */
  understood?: string;
  /** How often it was read again since something happened to it. */
  trials: number;
  /** The fault that was told, once and not at every look. */
  told: string;
  cancel?: () => void;
  reading?: Promise<void>;
  /** Something happened while it was being read. */
  again: boolean;
}

/** What one reading found. */
type Reading = { readonly kind: 'gone' } | Read | Failed;

interface Read {
  readonly kind: 'read';
  readonly stamp: Stamp;
  readonly read: ReadCniResult;
}

interface Failed {
  readonly kind: 'failed';
  /** Undefined: not even that can be told. */
  readonly version: string | undefined;
  readonly fault: string;
  /** Another reading may succeed though the file stays as it is. */
  readonly tryAgain: boolean;
}

/** Reads the files of one directory: each by one reading at a time, those with a fault a few times more. */
export function createFileReader(deps: FileReaderDeps): FileReader {
  const { directory, files, clock } = deps;
  const entries = new Map<string, Entry>();

  function expect(name: string): Entry {
    const entry = entries.get(name) ?? { trials: 0, told: '', again: false };
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
    const path = `${directory}/${name}`;
    if (reading.kind === 'gone') {
      deps.free(path);
      forget(name);
      return;
    }
    delete entry.version;
    if (reading.kind === 'failed') applyFailed(name, entry, reading);
    else applyRead(name, entry, reading);
  }

  /** Its Pod may be running already: there is no time for a second reading. */
  function applyFailed(name: string, entry: Entry, { version, fault, tryAgain }: Failed): void {
    if (!tryAgain && version !== undefined) entry.version = version;
    const isAsUnderstood = version !== undefined && version === entry.understood;
    deps.unreadable(`${directory}/${name}`, !isAsUnderstood && mayNameAddresses(name));
    if (!retry(name, entry)) report(name, entry, fault);
  }

  function applyRead(name: string, entry: Entry, { stamp, read: found }: Read): void {
    const path = `${directory}/${name}`;
    entry.version = stamp.version;
    if (found.kind === 'broken') {
      if (retry(name, entry)) return;
      // One that stays cut short was given up while it was written: no container of its Pod has started.
      deps.unreadable(path, !found.cutShort && mayNameAddresses(name));
      report(name, entry, found.fault);
      return;
    }
    entry.understood = stamp.version;
    if (found.kind === 'result') deps.take(path, found.result, stamp);
    else deps.forget(path);
  }

  /** False: it was read again often enough. */
  function retry(name: string, entry: Entry): boolean {
    const pauseMs = READ_AGAIN_AFTER_MS[entry.trials];
    if (pauseMs === undefined) return false;
    entry.trials += 1;
    entry.cancel = clock.schedule(pauseMs, () => void read(name));
    return true;
  }

  function report(name: string, entry: Entry, fault: string): void {
    if (fault !== entry.told) deps.report(`${directory}/${name}`, fault);
    entry.told = fault;
  }

  function forget(name: string): void {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entry.cancel?.();
    entries.delete(name);
    deps.forget(`${directory}/${name}`);
  }

  function noticed(name: string): Promise<void> {
    const entry = Object.assign(expect(name), { trials: 0, told: '' });
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

  function forgetAll(): void {
    for (const name of [...entries.keys()]) forget(name);
  }

  return {
    noticed,
    look,
    forget,
    forgetAll,
    knows: (name) => entries.has(name),
    expect,
    known: () => [...entries.keys()],
  };
}

/** What a file says that was written a moment ago. `known`: nothing new. `later`: only `readOnce` can tell. */
function readNow(
  files: ResultFiles,
  path: string,
  knownVersion: string | undefined,
): Read | 'known' | 'later' {
  const reader = createCniResultReader();
  const file = files.readNow(path, knownVersion, reader.read);
  return typeof file === 'string' ? file : { kind: 'read', stamp: file, read: reader.end() };
}

/** Never rejects. */
async function readOnce(files: ResultFiles, path: string): Promise<Reading> {
  const reader = createCniResultReader();
  try {
    const file = await files.read(path, MOST_BYTES, reader.read);
    if (file === undefined) return { kind: 'gone' };
    const { outcome, ...stamp } = file;
    if (outcome === 'whole') return { kind: 'read', stamp, read: reader.end() };
    if (outcome === 'too-large')
      return { kind: 'failed', version: stamp.version, fault: 'it is larger than 8 MiB', tryAgain: false };
    const changed = { kind: 'broken', fault: 'it changed while it was read', cutShort: true } as const;
    return { kind: 'read', stamp, read: changed };
  } catch (error) {
    const stamp = await files.stamp(path).catch(() => undefined);
    return { kind: 'failed', version: stamp?.version, fault: describeError(error), tryAgain: true };
  }
}
