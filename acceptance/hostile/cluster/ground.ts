import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestCa, openFolder } from '@rolegate/testing';
import type { TestCa, World } from '@rolegate/testing';
import { startChild } from '../../processes/start-child.ts';
import type { Remote } from '../../processes/start-child.ts';
import { createNamespaces } from '../../network/namespaces.ts';
import { openCgroups } from '../../cgroups/cgroups.ts';
import type { Cgroups, Group } from '../../cgroups/group.ts';
import type { NodeIdentity, StsCalls } from './orders.ts';

/** Where everything happens: a network namespace with nothing but its loopback, control groups, STS and an authority. */
export interface Ground extends World {
  /** The folder of the programs under test. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  /** The command that enters the network namespace. */
  readonly enter: readonly string[];
  /** The API server with all who write into it; what attacks the server itself; what measures. */
  readonly groups: Readonly<Record<'api' | 'attackers' | 'watchers', Group>>;
  readonly sts: Remote<StsCalls>;
  readonly ca: TestCa;
  /** A certificate by which a stream is that node's. */
  readonly identify: (node: string) => Promise<NodeIdentity>;
  /** A new folder that everybody can read. */
  readonly makeFolder: (name: string) => Promise<string>;
  /** Keeps a line of a program under test. */
  readonly onLine: (program: string, line: string) => void;
  /** Of what programs under test have logged so far. Bytes. */
  readonly loggedBytes: () => number;
}

export interface GroundOptions {
  /** Of the network namespace and the control groups, unique on the machine. */
  readonly name: string;
  readonly bundles: string;
  /** IPv4 addresses that the network namespace has beside those of its loopback: whoever connects to one comes from it. */
  readonly addresses?: readonly string[];
}

/** It must not starve the machine, and holds the objects of all attacks. */
const API = { name: 'api', memoryBytes: 6 * 2 ** 30, cpuWeight: 100 };
const ATTACKERS = { name: 'attackers', memoryBytes: 2 ** 30, cpuWeight: 50 };
const WATCHERS = { name: 'watchers', memoryBytes: 2 ** 31, cpuWeight: 400 };
/** What programs log is kept up to this. */
const MOST = { lines: 20_000, characters: 2_000 };

export async function openGround({ name, bundles, addresses = [] }: GroundOptions): Promise<Ground> {
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
      // What goes well is no help below a step that failed.
      if (lines.length < MOST.lines && !line.includes('"level":"info"'))
        lines.push({ program, line: line.slice(0, MOST.characters) });
    },
    loggedBytes: () => bytes,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
