/** One statement of a file, and its fate. */
interface Said {
  readonly file: string;
  readonly uid: string;
  /** All addresses that it has named since, and those that it has named continuously. */
  readonly ips: ReadonlySet<string>;
  still: ReadonlySet<string>;
  readonly at: number;
  isThere: boolean;
  isReadable: boolean;
}

/** The rule of ADR 4, computed from the whole history each time: slow, but easy to review. */
export function createOwnersModel() {
  let history: Said[] = [];
  /** Files that may name any address, and since when. */
  const unread = new Map<string, number>();
  /** When a file was seen that has not been read yet. */
  const seen = new Map<string, number>();
  /** When a file was created. */
  const created = new Map<string, number>();
  let time = 0;

  function now(): number {
    time += 1;
    return time;
  }

  function current(file: string): Said | undefined {
    return history.find((said) => said.file === file && said.isThere);
  }

  function newestOf(uid: string): Said | undefined {
    return history.filter((said) => said.uid === uid).sort((a, b) => b.at - a.at)[0];
  }

  return {
    creates(file: string) {
      if (!created.has(file)) created.set(file, now());
    },
    /** The content of the file is now this. */
    says(file: string, uid: string, names: readonly string[]) {
      const ips = new Set(names);
      const former = current(file);
      const at = seen.get(file) ?? unread.get(file) ?? now();
      unread.delete(file);
      seen.delete(file);
      if (former?.uid === uid && names.every((ip) => former.ips.has(ip))) {
        former.still = new Set(names.filter((ip) => former.still.has(ip)));
        former.isReadable = true;
        return;
      }
      if (former !== undefined) former.isThere = false;
      history.push({ file, uid, ips, still: ips, at, isThere: true, isReadable: true });
    },
    /** It cannot be read. `anything`: its content may have changed. */
    isUnreadable(file: string, anything: boolean) {
      const said = current(file);
      if (said !== undefined) said.isReadable = false;
      if (said === undefined && !seen.has(file)) seen.set(file, now());
      if (anything && !unread.has(file)) unread.set(file, seen.get(file) ?? now());
    },
    isGone(file: string) {
      const said = current(file);
      if (said !== undefined) said.isThere = false;
      for (const known of [unread, seen, created]) known.delete(file);
    },
    /** The process has never read it. `halfWritten`: its current content is reread, whatever it was before. */
    sees(file: string, halfWritten: boolean) {
      seen.set(file, now());
      if (halfWritten) unread.delete(file);
    },
    /** A process starts without knowledge: it sees the existing files in order of creation. */
    forgetsThePast() {
      history = [];
      for (const known of [unread, seen]) known.clear();
      for (const [file, at] of created) seen.set(file, at);
    },
    owner(ip: string): { readonly uid: string; readonly isDoubtful: boolean } | undefined {
      const last = history.filter(({ ips }) => ips.has(ip)).sort((a, b) => b.at - a.at)[0];
      if (last === undefined || newestOf(last.uid) !== last) return undefined;
      if (!last.isThere || !last.isReadable || !last.still.has(ip)) return undefined;
      return { uid: last.uid, isDoubtful: [...unread.values()].some((at) => at > last.at) };
    },
  };
}
