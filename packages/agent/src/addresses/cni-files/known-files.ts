/** What is known about one file. */
export interface KnownFile {
  /** The version that was read last and needs no retry; undefined: it needs one. */
  version?: string;
  /** The version that was last parsed. */
  understood?: string;
  /** Retries since the file last changed. */
  trials: number;
  /** The last reported fault, so that each is reported once and not at every check. */
  reported: string;
  cancel?: () => void;
  reading?: Promise<void>;
  /** The file changed while it was read. */
  again: boolean;
}

export interface KnownFiles {
  /** Adds the file. */
  readonly expect: (name: string) => KnownFile;
  readonly of: (name: string) => KnownFile | undefined;
  readonly forget: (name: string) => void;
  readonly forgetAll: () => void;
  readonly names: () => readonly string[];
}

/** The files that were read, are being read or are expected. `forgotten` is called with each file that is dropped. */
export function createKnownFiles(forgotten: (name: string) => void): KnownFiles {
  const files = new Map<string, KnownFile>();

  function forget(name: string): void {
    const file = files.get(name);
    if (file === undefined) return;
    file.cancel?.();
    files.delete(name);
    forgotten(name);
  }

  return {
    expect(name) {
      const file = files.get(name) ?? { trials: 0, reported: '', again: false };
      files.set(name, file);
      return file;
    },
    of: (name) => files.get(name),
    forget,
    forgetAll() {
      for (const name of [...files.keys()]) forget(name);
    },
    names: () => [...files.keys()],
  };
}
