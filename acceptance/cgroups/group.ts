export interface GroupOptions {
  readonly name: string;
  /** The kernel kills processes beyond this limit, as in a container. */
  readonly memoryBytes: number;
  /** The share of a busy CPU; 100 is the default of every group. */
  readonly cpuWeight: number;
}

/** A control group with a memory limit and a CPU share. */
export interface Group {
  /** A prefix for commands that run in the group. It executes the command, so the process ID stays the same. */
  readonly enter: readonly string[];
  /** Memory that counts against the limit and cannot be reclaimed: usage without inactive file cache. */
  readonly usedBytes: () => Promise<number>;
  /** How many processes the kernel has killed at the limit. */
  readonly oomKills: () => Promise<number>;
}

export interface Cgroups extends AsyncDisposable {
  /** True: the kernel counts socket buffers against the limit (version 2). */
  readonly countsSockets: boolean;
  readonly make: (options: GroupOptions) => Promise<Group>;
}
