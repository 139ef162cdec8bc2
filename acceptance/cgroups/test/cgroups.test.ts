import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCgroups } from '../cgroups.ts';

// The kernel creates a group's files with its folder; here the tests write those that are read.
const SIZES = { name: 'agent', memoryBytes: 256 * 2 ** 20, cpuWeight: 50 };

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

async function machine(mounts: (root: string) => readonly string[], own: string) {
  const root = await mkdtemp(join(tmpdir(), 'cgroups-'));
  const files = { mounts: join(root, 'mounts'), own: join(root, 'own') };
  await write({ [files.mounts]: `${mounts(root).join('\n')}\n`, [files.own]: own });
  return { root, files, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const version1 = (root: string) => [
  `cgroup ${root}/memory cgroup rw,relatime,memory 0 0`,
  `cgroup ${root}/cpu cgroup rw,relatime,cpu,cpuacct 0 0`,
  `cgroup2 ${root}/unified cgroup2 rw 0 0`,
];
const version2 = (root: string) => [`cgroup2 ${root} cgroup2 rw,nosuid 0 0`];

describe('openCgroups with version 1', () => {
  it('With version 1, a group is created in each hierarchy below the current one, and both are entered', async () => {
    await using here = await machine(version1, '4:memory:/job\n1:cpu,cpuacct:/\n0::/\n');
    await write({ [`${here.root}/memory/job/tasks`]: '', [`${here.root}/cpu/tasks`]: '' });
    const cgroups = await openCgroups('rg1', here.files);
    const { enter } = await cgroups.make(SIZES);
    expect(cgroups.countsSockets).toBe(false);
    expect(enter.at(-1)).toBe(
      `${here.root}/memory/job/rg1-agent/cgroup.procs ${here.root}/cpu/rg1-agent/cgroup.procs`,
    );
  });

  it('With version 1, groups are created at the root of the mount if the current group is not below it', async () => {
    await using here = await machine(version1, '4:memory:/docker/1\n1:cpu,cpuacct:/docker/1\n');
    await write({ [`${here.root}/memory/tasks`]: '', [`${here.root}/cpu/tasks`]: '' });
    const { enter } = await (await openCgroups('rg1', here.files)).make(SIZES);
    expect(enter.at(-1)).toContain(`${here.root}/memory/rg1-agent/`);
  });

  it('With version 1, used memory excludes inactive file cache, and OOM kills are counted', async () => {
    await using here = await machine(version1, '4:memory:/\n1:cpu,cpuacct:/\n');
    await write({ [`${here.root}/memory/tasks`]: '', [`${here.root}/cpu/tasks`]: '' });
    const group = await (await openCgroups('rg1', here.files)).make(SIZES);
    const folder = `${here.root}/memory/rg1-agent`;
    await write({
      [`${folder}/memory.usage_in_bytes`]: '1000\n',
      [`${folder}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 300\n',
      [`${folder}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    });
    await expect(group.usedBytes()).resolves.toBe(700);
    await expect(group.oomKills()).resolves.toBe(2);
  });
});

describe('openCgroups with version 2', () => {
  it('With version 2, groups are created below the nearest group that delegates memory and CPU', async () => {
    await using here = await machine(version2, '0::/system.slice/job\n');
    await write({
      [`${here.root}/cgroup.subtree_control`]: 'cpu memory pids\n',
      [`${here.root}/system.slice/cgroup.subtree_control`]: 'cpu memory\n',
      [`${here.root}/system.slice/job/cgroup.subtree_control`]: '\n',
    });
    const cgroups = await openCgroups('rg2', here.files);
    const { enter } = await cgroups.make(SIZES);
    expect(cgroups.countsSockets).toBe(true);
    expect(enter.at(-1)).toBe(`${here.root}/system.slice/rg2-agent/cgroup.procs`);
  });

  it('With version 2, the root delegates memory and CPU if no group does yet', async () => {
    await using here = await machine(version2, '0::/job\n');
    await write({
      [`${here.root}/cgroup.subtree_control`]: 'pids\n',
      [`${here.root}/job/cgroup.subtree_control`]: '\n',
    });
    await openCgroups('rg2', here.files);
    await expect(readFile(`${here.root}/cgroup.subtree_control`, 'utf8')).resolves.toBe('+memory +cpu');
  });

  it('With version 2, used memory excludes inactive file cache, and OOM kills are counted', async () => {
    await using here = await machine(version2, '0::/\n');
    await write({ [`${here.root}/cgroup.subtree_control`]: 'cpu memory\n' });
    const group = await (await openCgroups('rg2', here.files)).make(SIZES);
    await write({
      [`${here.root}/rg2-agent/memory.current`]: '1000\n',
      [`${here.root}/rg2-agent/memory.stat`]: 'sock 50\ninactive_file 400\n',
      [`${here.root}/rg2-agent/memory.events`]: 'oom 3\noom_kill 1\n',
    });
    await expect(group.usedBytes()).resolves.toBe(600);
    await expect(group.oomKills()).resolves.toBe(1);
  });

  it('With version 2, groups are removed on disposal', async () => {
    await using here = await machine(version2, '0::/\n');
    await write({ [`${here.root}/cgroup.subtree_control`]: 'cpu memory\n' });
    const cgroups = await openCgroups('rg2', here.files);
    await cgroups.make({ ...SIZES, memoryBytes: 1 });
    const procs = `${here.root}/rg2-agent/cgroup.procs`;
    await write({ [procs]: '' });
    // The kernel removes a group's files with its folder; here they must be removed first.
    const disposed = cgroups[Symbol.asyncDispose]();
    await rm(procs);
    await disposed;
    await expect(access(`${here.root}/rg2-agent`)).rejects.toThrow('ENOENT');
  });
});

describe('openCgroups', () => {
  it('Without mounted control groups, the error says why', async () => {
    await using here = await machine(() => ['tmpfs /tmp tmpfs rw 0 0'], '0::/\n');
    await expect(openCgroups('rg3', here.files)).rejects.toThrow('no control groups');
  });
});
