import type { CniResult } from './cni-files/parse-result.ts';
import type { Learned } from './cni-files/learned.ts';

/** Bounds each kind of remembered entry beyond the existing files: more than the Pods a node starts in a day. */
export const MOST_REMEMBERED = 4_096;
/** How long an entry is remembered. Milliseconds. */
export const REMEMBERED_MS = 86_400_000;

/** A file's timestamps, in nanoseconds since the epoch. */
export interface ClaimStamp {
  readonly mtimeNs: bigint;
  /** Undefined: the source does not report it (reconcile 0.1). */
  readonly createdNs: bigint | undefined;
}

/** What one file said when it was last read. */
export interface Claim {
  /** The file's path. */
  readonly key: string;
  readonly directory: string;
  /** A UID, or namespace/name if the result has none (UIDs contain no slash). Undefined: no Pod's result. */
  readonly pod: string | undefined;
  /** With all addresses that the file named. */
  readonly result: CniResult;
  readonly learned: Learned;
  /** From the last read. Only informs people; no ordering depends on it. */
  stamp: ClaimStamp;
  /** Addresses that another result took or that were released. They never return to this claim. */
  readonly lost: Set<string>;
  /** `unknown`: not known whether the file still exists or was removed. */
  state: 'read' | 'unreadable' | 'unknown';
}

/** What is reported about a file. */
export interface FileContent extends ClaimStamp {
  readonly result: CniResult;
  /** The other addresses that it names, which its Pod does not own. */
  readonly lost?: readonly string[];
  /** It was read before but cannot be read now. */
  readonly unreadable?: boolean;
}

/** True if the file was only rewritten, touched or reread: only a file with different content is a newer result. */
export function saysNothingNew(former: Claim, { result, lost = [] }: FileContent): boolean {
  return (
    podOf(result) === former.pod && [...result.ips, ...lost].every((ip) => former.result.ips.includes(ip))
  );
}

export function claimOf(
  key: string,
  { result, lost = [], unreadable = false, mtimeNs, createdNs }: FileContent,
  learned: Learned,
): Claim {
  const ips = [...new Set([...result.ips, ...lost])];
  return {
    key,
    directory: directoryOf(key),
    pod: podOf(result),
    result: { ...result, ips },
    learned,
    stamp: { mtimeNs, createdNs },
    lost: new Set(lost.filter((ip) => !result.ips.includes(ip))),
    state: unreadable ? 'unreadable' : 'read',
  };
}

function podOf({ uid, namespace, name }: CniResult): string | undefined {
  return uid ?? (name === '' ? undefined : `${namespace}/${name}`);
}

/** The directory of a file. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
