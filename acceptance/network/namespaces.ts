import { outputOf, runCommand } from '@rolegate/testing';

export interface Namespaces extends AsyncDisposable {
  /** Of the name given, unique to the run. */
  readonly fullName: (name: string) => string;
  readonly make: (name: string) => Promise<void>;
  /** The words before a command that runs in it. They become the command: its process ID is theirs. */
  readonly enter: (name: string) => readonly string[];
  /** Runs lines of `ip -batch` in it. */
  readonly ip: (name: string, lines: readonly string[]) => Promise<void>;
  /** Writes below /proc/sys/net of it. */
  readonly sysctl: (name: string, values: Readonly<Record<string, string | number>>) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

/** Network namespaces of one run; all of them, with what still runs in them, are gone when it is disposed of. */
export function createNamespaces({ prefix }: { readonly prefix: string }): Namespaces {
  const made = new Set<string>();
  const fullName = (name: string) => `${prefix}-${name}`;
  const enter = (name: string) => ['nsenter', `--net=/run/netns/${fullName(name)}`, '--'];

  async function remove(name: string): Promise<void> {
    made.delete(name);
    const { stdout } = await runCommand(['ip', 'netns', 'pids', fullName(name)]);
    for (const pid of stdout.split('\n').map(Number)) if (pid > 1) killGone(pid);
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

function killGone(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
