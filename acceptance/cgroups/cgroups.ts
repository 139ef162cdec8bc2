import { readFile } from 'node:fs/promises';
import { openUnified } from './version-2.ts';
import { openSplit } from './version-1.ts';
import type { Cgroups } from './group.ts';

/** Files in which the kernel describes control groups. Tests provide their own. */
export interface CgroupFiles {
  readonly mounts: string;
  readonly own: string;
}

const SYSTEM: CgroupFiles = { mounts: '/proc/self/mounts', own: '/proc/self/cgroup' };

/** Detects the control group version of this machine. Rejects with the reason if groups cannot be created. */
export async function openCgroups(name: string, files: CgroupFiles = SYSTEM): Promise<Cgroups> {
  const [mounts, own] = [await readFile(files.mounts, 'utf8'), await readFile(files.own, 'utf8')];
  const split = mountsOf(mounts, 'cgroup');
  const [memory, cpu] = ['memory', 'cpu'].map((controller) =>
    split.find(({ options }) => options.includes(controller)),
  );
  if (memory !== undefined && cpu !== undefined)
    return openSplit(name, {
      memory: { mount: memory.path, own: ownPath(own, 'memory') },
      cpu: { mount: cpu.path, own: ownPath(own, 'cpu') },
    });
  const [unified] = mountsOf(mounts, 'cgroup2');
  if (unified === undefined) throw new Error('no control groups for memory and CPU are mounted');
  return openUnified(name, { mount: unified.path, own: ownPath(own, '') });
}

function mountsOf(mounts: string, type: string) {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === type)
    .map(([, path = '', , options = '']) => ({ path, options: options.split(',') }));
}

/** Lines of /proc/self/cgroup: `4:memory:/path`, and `0::/path` for version 2. */
function ownPath(own: string, controller: string): string {
  const fields = own.split('\n').map((line) => line.split(':'));
  const found = fields.find(([, controllers = '']) => controllers.split(',').includes(controller));
  return found?.[2] ?? '/';
}
