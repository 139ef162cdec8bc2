import type { ResultFiles, Stamp } from '../../src/addresses/cni-files/result-files.ts';

interface MemoryFile {
  content: string;
  mtimeNs: bigint;
  ctimeNs: bigint;
  createdNs: bigint;
  inode: number;
  fault?: string | undefined;
}

export const DIRECTORY = '/var/lib/cni/results';

/** A directory in memory. The test sets its clock and can make files unreadable. */
export function createMemoryFiles() {
  const all = new Map<string, MemoryFile>();
  let changed: ((name: string) => void) | undefined;
  let inodes = 0;
  let wallNs = 1_000_000_000n;
  let fault: string | undefined;
  let isDeaf = false;
  let identity = 1;

  function stampOf({ mtimeNs, ctimeNs, createdNs, inode, content }: MemoryFile): Stamp {
    return { mtimeNs, createdNs, version: [inode, content.length, mtimeNs, ctimeNs].join(':') };
  }

  function tick(): bigint {
    wallNs += 1_000n;
    return wallNs;
  }

  function failing<Result>(result: Result): Promise<Result> {
    return fault === undefined ? Promise.resolve(result) : Promise.reject(new Error(fault));
  }

  function notice(name: string): void {
    if (!isDeaf) changed?.(name);
  }

  const files: ResultFiles = {
    identity: () => failing(`1:${identity}`),
    list: () => failing([...all.keys()]),
    stamp(path) {
      const file = all.get(nameOf(path));
      return Promise.resolve(file && stampOf(file));
    },
    read(path, _mostBytes, take) {
      const file = all.get(nameOf(path));
      if (file?.fault !== undefined) return Promise.reject(new Error(file.fault));
      if (file === undefined) return Promise.resolve(undefined);
      const bytes = Buffer.from(file.content);
      take(bytes.subarray(0, 100));
      take(bytes.subarray(100));
      return Promise.resolve({ ...stampOf(file), outcome: 'whole' });
    },
    readNow(path, knownVersion, take) {
      const file = all.get(nameOf(path));
      if (file === undefined || file.fault !== undefined) return 'later';
      if (stampOf(file).version === knownVersion) return 'known';
      take(Buffer.from(file.content));
      return { ...stampOf(file), outcome: 'whole' };
    },
    watch(_directory, call) {
      changed = call;
      return () => {
        changed = undefined;
      };
    },
  };

  return {
    files,
    names: () => [...all.keys()],
    /** Sets the clock, forward or back. */
    stepClock(ns: bigint) {
      wallNs += ns;
    },
    write(name: string, content: string) {
      const now = tick();
      const former = all.get(name);
      const inode = former?.inode ?? (inodes += 1);
      const createdNs = former?.createdNs ?? now;
      all.set(name, { content, mtimeNs: now, ctimeNs: now, createdNs, inode, fault: former?.fault });
      notice(name);
    },
    /** Like `touch -d`: the ctime is the current time. */
    date(name: string, mtimeNs: bigint) {
      const file = all.get(name);
      if (file === undefined) return;
      Object.assign(file, { mtimeNs, ctimeNs: tick() });
      notice(name);
    },
    remove(name: string) {
      all.delete(name);
      notice(name);
    },
    /** Undefined: it becomes readable again. */
    garble(name: string, why: string | undefined) {
      const file = all.get(name);
      if (file === undefined) return;
      Object.assign(file, { fault: why });
      notice(name);
    },
    /** Makes the directory unreadable. Undefined: readable again. */
    close(why: string | undefined) {
      fault = why;
    },
    /** Replaces the directory by another one with the same name and files. */
    replace() {
      identity += 1;
    },
    /** Stops all watch events. */
    deafen() {
      isDeaf = true;
    },
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function fileNameOf(sandbox: string): string {
  return `podnet-${sandbox}-eth0`;
}

/** As libcni writes it; `note` is a Pod annotation, each character of which can take six bytes. */
export function resultText(uid: string, ips: readonly string[], note = ''): string {
  return JSON.stringify({
    kind: 'cniCacheV1',
    ifName: 'eth0',
    cniArgs: [
      ['K8S_POD_NAMESPACE', 'shop'],
      ['K8S_POD_NAME', `pod-${uid}`],
      ['K8S_POD_UID', uid],
    ],
    capabilityArgs: { 'io.kubernetes.cri.pod-annotations': { note } },
    result: { cniVersion: '1.0.0', ips: ips.map((ip) => ({ address: `${ip}/24` })) },
  }).replaceAll('<', '\\u003c');
}
