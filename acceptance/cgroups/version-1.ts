import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { enterAll, exists, number, numberIn, removeGroup, writeIfThere } from './folder.ts';
import type { Hierarchy } from './folder.ts';
import type { Cgroups } from './group.ts';

/** The default of cpu.shares. */
const DEFAULT_SHARES = 1_024;

/** Version 1: one hierarchy per controller. Socket buffers do not count against the memory limit. */
export async function openSplit(
  name: string,
  hierarchies: Readonly<Record<'memory' | 'cpu', Hierarchy>>,
): Promise<Cgroups> {
  const made: string[] = [];

  async function makeFolder(hierarchy: Hierarchy, group: string): Promise<string> {
    const own = join(hierarchy.mount, hierarchy.own);
    // In a container, the path may be that of the host, while only the container's part is mounted.
    const folder = join((await exists(own)) ? own : hierarchy.mount, `${name}-${group}`);
    await mkdir(folder);
    made.push(folder);
    return folder;
  }

  const close = async () => {
    await Promise.allSettled(made.splice(0).map(removeGroup));
  };
  await makeFolder(hierarchies.memory, 'try');
  await close();
  return {
    countsSockets: false,
    async make({ name: group, memoryBytes, cpuWeight }) {
      const memory = await makeFolder(hierarchies.memory, group);
      const cpu = await makeFolder(hierarchies.cpu, group);
      await writeIfThere(memory, {
        'memory.limit_in_bytes': memoryBytes,
        'memory.memsw.limit_in_bytes': memoryBytes,
      });
      await writeIfThere(cpu, { 'cpu.shares': Math.round((cpuWeight * DEFAULT_SHARES) / 100) });
      return {
        enter: enterAll([memory, cpu]),
        usedBytes: async () =>
          (await number(memory, 'memory.usage_in_bytes')) -
          (await numberIn(memory, 'memory.stat', 'total_inactive_file')),
        oomKills: () => numberIn(memory, 'memory.oom_control', 'oom_kill'),
      };
    },
    [Symbol.asyncDispose]: close,
  };
}
