/** What is known of one file. */
export interface KnownFile {
  /** The state of the file that was read last and needs no second reading; undefined: it does. */
  version?: string;
  /** The state in which it was last understood. */
  understood?: string;
  /** How often it was read again since something happened to it. */
  trials: number;
  /** The fault that was reported, once and not at every look. */
  reported: string;
  cancel?: () => void;
  reading?: Promise<void>;
  /** Something happened while it was being read. */
  again: boolean;
}

export interface KnownFiles {
  /** The file is known from now on. */
  readonly expect: (name: string) => KnownFile;
  readonly of: (name: string) => KnownFile | undefined;
  readonly forget: (name: string) => void;
  readonly forgetAll: () => void;
  readonly names: () => readonly string[];
}

/** The files that were read, are being read, or are expected. `forgotten` is called with each that is known no more. */
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
