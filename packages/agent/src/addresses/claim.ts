import type { CniResult } from './cni-files/parse-result.ts';
import type { Learned } from './cni-files/learned.ts';

/** Of each kind of thing that is remembered beyond the files that are there: more than a node starts Pods in a day. */
export const MOST_REMEMBERED = 4_096;
/** How long it is remembered. Milliseconds. */
export const REMEMBERED_MS = 86_400_000;

/** A file's stamps, in nanoseconds since the epoch. */
export interface ClaimStamp {
  readonly mtimeNs: bigint;
  /** Undefined: whoever tells of the file does not say (reconcile 0.1). */
  readonly createdNs: bigint | undefined;
}

/** What one file said when it was last read. */
export interface Claim {
  /** The file's path. */
  readonly key: string;
  readonly directory: string;
  /** A UID, or namespace/name if the result has none (no UID has a slash); undefined: no Pod's. */
  readonly pod: string | undefined;
  /** With all addresses that the file has named. */
  readonly result: CniResult;
  readonly learned: Learned;
  /** Of the last reading. It tells people how old the file is; no order rests on it. */
  stamp: ClaimStamp;
  /** The addresses that another result took, or that were released. They never come back to this claim. */
  readonly lost: Set<string>;
  /** `unknown`: not known to be there any more, but not known to be removed either. */
  state: 'read' | 'unreadable' | 'unknown';
}

/** What is told of a file. */
export interface FileContent extends ClaimStamp {
  readonly result: CniResult;
  /** The other addresses that it names, which are not its Pod's. */
  readonly lost?: readonly string[];
  /** It was read before and cannot be read now. */
  readonly unreadable?: boolean;
}

/** Written again, dated otherwise or read again: only a file that names something else is a newer result. */
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

/** Of a file. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
