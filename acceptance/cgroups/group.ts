export interface GroupOptions {
  readonly name: string;
  /** Processes that need more are killed by the kernel, as in a container with this limit. */
  readonly memoryBytes: number;
  /** The share of the CPU while others want it too; every group that says nothing has 100. */
  readonly cpuWeight: number;
}

/** Processes with a memory limit and a share of the CPU of their own. */
export interface Group {
  /** The words before a command that runs in it. They become the command: its process ID is theirs. */
  readonly enter: readonly string[];
  /** What counts against the limit and cannot be dropped: usage without the file cache that nobody has used lately. */
  readonly usedBytes: () => Promise<number>;
  /** Processes that the kernel has killed because of the limit. */
  readonly oomKills: () => Promise<number>;
}

export interface Cgroups extends AsyncDisposable {
  /** True: the kernel counts socket buffers against the limit (version 2). */
  readonly countsSockets: boolean;
  readonly make: (options: GroupOptions) => Promise<Group>;
}
