import { outputOf, runCommand } from '@rolegate/testing';
import { killPid } from '../processes/kill-pid.ts';

export interface Namespaces extends AsyncDisposable {
  /** The name with the prefix of the run. */
  readonly fullName: (name: string) => string;
  readonly make: (name: string) => Promise<void>;
  /** A prefix for commands that run in the namespace. It executes the command, so the process ID stays the same. */
  readonly enter: (name: string) => readonly string[];
  /** Runs the lines with `ip -batch`. */
  readonly ip: (name: string, lines: readonly string[]) => Promise<void>;
  /** Writes files below /proc/sys/net. */
  readonly sysctl: (name: string, values: Readonly<Record<string, string | number>>) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

/** The network namespaces of one run. Disposal removes all of them and kills the processes in them. */
export function createNamespaces({ prefix }: { readonly prefix: string }): Namespaces {
  const made = new Set<string>();
  const fullName = (name: string) => `${prefix}-${name}`;
  const enter = (name: string) => ['nsenter', `--net=/run/netns/${fullName(name)}`, '--'];

  async function remove(name: string): Promise<void> {
    made.delete(name);
    const { stdout } = await runCommand(['ip', 'netns', 'pids', fullName(name)]);
    for (const pid of stdout.split('\n').map(Number)) if (pid > 1) killPid(pid);
    await runCommand(['ip', 'netns', 'del', fullName(name)]);
  }

  return {
    fullName,
    enter,
    async make(name) {
      made.add(name);
      await outputOf(['ip', 'netns', 'add', fullName(name)]);
    },
    async ip(name, lines) {
      await outputOf(['ip', '-n', fullName(name), '-batch', '-'], { input: `${lines.join('\n')}\n` });
    },
    async sysctl(name, values) {
      const lines = Object.entries(values).map(([path, value]) => `echo ${value} >/proc/sys/net/${path}`);
      await outputOf([...enter(name), 'sh', '-e'], { input: lines.join('\n') });
    },
    remove,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...made].map(remove));
    },
  };
}
