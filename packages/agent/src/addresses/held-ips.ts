import type { KnownPod } from '../feed/known-pod.ts';
import type { CniResult } from './cni-result.ts';

/** Pods remembered as having had a result: more than a node starts in a day. */
const MOST_RETURNED = 4_096;

/** The Pod that an address was given to, in the runtime's words. */
export interface Holder {
  readonly uid?: string;
  readonly namespace: string;
  readonly name: string;
  /** When its result file was written. Milliseconds since the epoch. */
  readonly since: number;
}

/** One result file's claim on its addresses. */
interface Claim {
  readonly key: string;
  readonly mtimeNs: bigint;
  readonly pod: string;
  readonly ips: readonly string[];
  readonly holder: Holder;
}

/** What one file says, as others may be told of it. */
export interface HeldResult {
  readonly key: string;
  /** With the addresses that it holds: those that a newer file took from it are not among them. */
  readonly result: CniResult;
  readonly mtimeNs: bigint;
}

export interface HeldIps {
  /** What the file `key` says now. */
  readonly set: (key: string, result: CniResult, mtimeNs: bigint) => void;
  /** Nothing is known of the file any more. False: it held nothing. */
  readonly remove: (key: string) => boolean;
  /** The runtime removed the file: its addresses are free at once. False: it held nothing. */
  readonly free: (key: string) => boolean;
  readonly holder: (ip: string) => Holder | undefined;
  readonly uids: () => readonly string[];
  /** True where a file is of this Pod, or was until the runtime removed it. */
  readonly names: (pod: Pick<KnownPod, 'uid' | 'runtimeUid' | 'namespace' | 'name'>) => boolean;
  /** The addresses that are held. */
  readonly ips: () => readonly string[];
  readonly results: () => readonly HeldResult[];
  /** The Pods whose result the runtime removed: UIDs, or namespace/name where a result had none. */
  readonly returned: () => readonly string[];
  /** A Pod, as `returned` has it, had a result until the runtime removed it. */
  readonly remember: (pod: string) => void;
}

/**
 * Who holds which address, by the result files. Of two Pods with one address the newer file's holds it, and the other never
 * gets it back: its file is a left-over.
 */
export function createHeldIps(): HeldIps {
  const claims = new Map<string, Claim>();
  /** All claims of one Pod, the newest last. */
  const byIp = new Map<string, readonly Claim[]>();
  const filesByPod = new Map<string, number>();
  const returned = new Set<string>();

  function claim(ip: string, added: Claim): void {
    const all = [...(byIp.get(ip) ?? []), added].sort(byAge);
    const newest = all.at(-1);
    byIp.set(
      ip,
      all.filter(({ pod }) => pod === newest?.pod),
    );
  }

  function release(ip: string, key: string): void {
    const left = (byIp.get(ip) ?? []).filter((other) => other.key !== key);
    if (left.length > 0) byIp.set(ip, left);
    else byIp.delete(ip);
  }

  function remove(key: string): boolean {
    const former = claims.get(key);
    if (former === undefined) return false;
    claims.delete(key);
    for (const ip of former.ips) release(ip, key);
    const files = (filesByPod.get(former.pod) ?? 0) - 1;
    if (files > 0) filesByPod.set(former.pod, files);
    else filesByPod.delete(former.pod);
    return true;
  }

  function free(key: string): boolean {
    const pod = claims.get(key)?.pod;
    if (pod === undefined) return false;
    remember(pod);
    return remove(key);
  }

  function remember(pod: string): void {
    returned.delete(pod);
    returned.add(pod);
    const [oldest] = returned;
    if (returned.size > MOST_RETURNED && oldest !== undefined) returned.delete(oldest);
  }

  function resultOf(claimed: Claim): HeldResult {
    const { key, mtimeNs } = claimed;
    const { uid, namespace, name } = claimed.holder;
    const ips = claimed.ips.filter((ip) => byIp.get(ip)?.includes(claimed) === true);
    return { key, mtimeNs, result: { ...(uid !== undefined && { uid }), namespace, name, ips } };
  }

  return {
    set(key, { uid, namespace, name, ips }, mtimeNs) {
      remove(key);
      const since = Number(mtimeNs / 1_000_000n);
      const holder = { ...(uid !== undefined && { uid }), namespace, name, since };
      const added = { key, mtimeNs, pod: uid ?? fullName(holder), ips, holder };
      claims.set(key, added);
      filesByPod.set(added.pod, (filesByPod.get(added.pod) ?? 0) + 1);
      for (const ip of ips) claim(ip, added);
    },
    remove,
    free,
    holder: (ip) => byIp.get(ip)?.at(-1)?.holder,
    uids: () => [...new Set([...claims.values()].flatMap(({ holder: { uid } }) => uid ?? []))],
    names: (pod) =>
      [pod.uid, pod.runtimeUid, fullName(pod)].some((name) => filesByPod.has(name) || returned.has(name)),
    ips: () => [...byIp.keys()],
    results: () => [...claims.values()].map(resultOf),
    returned: () => [...returned],
    remember,
  };
}

/** No UID has a slash: full names and UIDs can be keys of one map. */
function fullName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function byAge(a: Claim, b: Claim): number {
  if (a.mtimeNs !== b.mtimeNs) return a.mtimeNs < b.mtimeNs ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
