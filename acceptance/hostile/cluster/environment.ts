import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestCa, openFolder } from '@rolegate/testing';
import type { TestCa, World } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { Remote } from '../../processes/start-child.ts';
import { createNamespaces } from '../../network/namespaces.ts';
import { openCgroups } from '../../cgroups/cgroups.ts';
import type { Cgroups, Group } from '../../cgroups/group.ts';
import type { NodeIdentity, StsCalls } from './calls.ts';

/** A network namespace with only a loopback device, control groups, STS and a certificate authority. */
export interface Environment extends World {
  /** The folder with the programs under test. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  /** The command that enters the network namespace. */
  readonly enter: readonly string[];
  /** Control groups for the API server with its writers, for attackers, and for what measures. */
  readonly groups: Readonly<Record<'api' | 'attackers' | 'watchers', Group>>;
  readonly sts: Remote<StsCalls>;
  readonly ca: TestCa;
  /** Issues a certificate for the node. */
  readonly identify: (node: string) => Promise<NodeIdentity>;
  /** Creates a world-readable folder. */
  readonly makeFolder: (name: string) => Promise<string>;
  /** Records a log line of a program under test. */
  readonly onLine: (program: string, line: string) => void;
  /** Size of all log lines so far. */
  readonly loggedBytes: () => number;
}

export interface EnvironmentOptions {
  /** Name of the network namespace and the control groups, unique on the machine. */
  readonly name: string;
  readonly bundles: string;
  /** Additional IPv4 addresses of the loopback device. A connection to one also comes from it. */
  readonly addresses?: readonly string[];
}

/** Holds the objects of all attacks without starving the machine. */
const API = { name: 'api', memoryBytes: 6 * 2 ** 30, cpuWeight: 100 };
const ATTACKERS = { name: 'attackers', memoryBytes: 2 ** 30, cpuWeight: 50 };
const WATCHERS = { name: 'watchers', memoryBytes: 2 ** 31, cpuWeight: 400 };
/** Limits for kept log lines. */
const MOST = { lines: 20_000, characters: 2_000 };

export async function openEnvironment({
  name,
  bundles,
  addresses = [],
}: EnvironmentOptions): Promise<Environment> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-tenants-', stack);
  const cgroups = stack.use(await openCgroups(name));
  const namespaces = stack.use(createNamespaces({ prefix: name }));
  await namespaces.make('cluster');
  const added = addresses.map((address) => `addr add ${address}/32 dev lo`);
  await namespaces.ip('cluster', ['link set lo up'].concat(added));
  const enter = namespaces.enter('cluster');
  const groups = {
    api: await cgroups.make(API),
    attackers: await cgroups.make(ATTACKERS),
    watchers: await cgroups.make(WATCHERS),
  };
  const script = new URL('clients/sts.ts', import.meta.url);
  const sts = stack.use(
    await startChild<StsCalls>(script, { through: [...groups.watchers.enter, ...enter] }),
  );
  const ca = await createTestCa();
  const lines: World['lines'][number][] = [];
  let bytes = 0;
  const all = stack.move();
  return {
    folder,
    lines,
    bundles,
    cgroups,
    enter,
    groups,
    sts: sts.call,
    ca,
    identify: async (node) => ({ node, ...(await ca.issue({ uris: [`spiffe://rolegate/node/${node}`] })) }),
    async makeFolder(called) {
      const path = join(folder, called);
      await mkdir(path, { mode: 0o755 });
      return path;
    },
    onLine(program, line) {
      bytes += Buffer.byteLength(line);
      // Info lines do not help to understand a failed step.
      if (lines.length < MOST.lines && !line.includes('"level":"info"'))
        lines.push({ program, line: line.slice(0, MOST.characters) });
    },
    loggedBytes: () => bytes,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
