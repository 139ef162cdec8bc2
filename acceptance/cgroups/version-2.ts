import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { enterAll, exists, number, numberIn, removeGroup, writeIfThere } from './folder.ts';
import type { Hierarchy } from './folder.ts';
import type { Cgroups } from './group.ts';

/** Version 2: one hierarchy. Socket buffers count against the memory limit. */
export async function openUnified(name: string, hierarchy: Hierarchy): Promise<Cgroups> {
  const parent = await findParent(hierarchy);
  const made: string[] = [];
  return {
    countsSockets: true,
    async make({ name: group, memoryBytes, cpuWeight }) {
      const folder = join(parent, `${name}-${group}`);
      await mkdir(folder);
      made.push(folder);
      await writeIfThere(folder, {
        'memory.max': memoryBytes,
        'memory.swap.max': 0,
        'cpu.weight': cpuWeight,
      });
      return {
        enter: enterAll([folder]),
        usedBytes: async () =>
          (await number(folder, 'memory.current')) - (await numberIn(folder, 'memory.stat', 'inactive_file')),
        oomKills: () => numberIn(folder, 'memory.events', 'oom_kill'),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(made.splice(0).map(removeGroup));
    },
  };
}

/** The nearest group, from this process's group upwards, that delegates memory and CPU to its children. */
async function findParent({ mount, own }: Hierarchy): Promise<string> {
  for (let at = own; ; at = dirname(at)) {
    const folder = join(mount, at);
    if ((await exists(folder)) && (await delegates(folder))) return folder;
    if (at === '/' || at === '.') break;
  }
  try {
    await writeFile(join(mount, 'cgroup.subtree_control'), '+memory +cpu');
  } catch (error) {
    throw new Error(
      'no control group delegates memory and CPU to its children, and the root cannot be changed',
      {
        cause: error,
      },
    );
  }
  return mount;
}

async function delegates(folder: string): Promise<boolean> {
  const controllers = (await readFile(join(folder, 'cgroup.subtree_control'), 'utf8')).trim().split(' ');
  return ['memory', 'cpu'].every((controller) => controllers.includes(controller));
}
