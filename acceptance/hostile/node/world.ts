import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCniResultsDir } from '@rolegate/testing';
import type { CniResultsDir, World } from '@rolegate/testing';
import { startScript } from '../../../packages/sandbox/src/netns/child-script.ts';
import { createCluster } from '../../../packages/sandbox/src/netns/cluster.ts';
import type { Cluster } from '../../../packages/sandbox/src/netns/cluster.ts';
import { createNamespaces } from '../../../packages/sandbox/src/netns/namespaces.ts';
import type { Namespaces } from '../../../packages/sandbox/src/netns/namespaces.ts';
import { layPod, podAddresses } from '../../../packages/sandbox/src/netns/pod-links.ts';
import { connectStandIns } from '../../../packages/sandbox/src/netns/stand-in-calls.ts';
import { layTopology } from '../../../packages/sandbox/src/netns/topology.ts';
import { openCgroups } from './cgroups.ts';
import type { Cgroups, Group } from './cgroups.ts';
import { prepareNodePrograms } from './node-programs.ts';
import type { NodePrograms } from './node-programs.ts';
import { placePods } from './pods.ts';
import type { Cast } from './pods.ts';

/** A node with its Pods, the server in a Pod, another node, and the programs with the limits of their charts. */
export interface HostileWorld extends World {
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
  readonly cni: CniResultsDir;
  readonly cast: Cast;
  readonly programs: NodePrograms;
  /** The server's Pod. */
  readonly serverAddress: string;
  readonly cgroups: Pick<Cgroups, 'countsSockets'>;
  /** What attacks runs in `attackers`, what measures in `watchers`. */
  readonly groups: Readonly<Record<'attackers' | 'watchers', Group>>;
}

/** The first Pod of the node's network. */
const SERVER_POD = { name: 'server', shape: 'calico', index: 2 } as const;
/** What programs log is kept up to this; storms are bounded by the programs. */
const MOST_LINES = 100_000;
/** A share that cannot starve the machine, and memory that cannot either. */
const ATTACKERS = { name: 'attackers', memoryBytes: 2 ** 30, cpuWeight: 25 };
/** Least, first and most bytes that the kernel keeps of what a socket of an attacker sends: no group's limit counts them in version 1. */
const MOST_UNSENT = '4096 16384 262144';
const WATCHERS = { name: 'watchers', memoryBytes: 2 ** 31, cpuWeight: 400 };

export interface OpenWorldOptions {
  /** Of namespaces and control groups, unique on the machine. */
  readonly name: string;
  /** The folder of the programs. */
  readonly bundles: string;
}

/** Opens it with everything but running programs. */
export async function openWorld({ name, bundles }: OpenWorldOptions): Promise<HostileWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-hostile-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // The programs are other users; what is secret has a mode of its own.
  await chmod(folder, 0o755);
  const cgroups = stack.use(await openCgroups(name));
  const namespaces = stack.use(createNamespaces({ prefix: name }));
  await layTopology(namespaces);
  await layPod(namespaces, SERVER_POD);
  const enter = { node: namespaces.enter('node'), server: namespaces.enter(SERVER_POD.name) };
  stack.defer((await startScript(namespaces.enter('cloud'), 'cloud')).stop);
  const socket = join(folder, 'stand-ins.sock');
  stack.defer((await startScript(enter.server, 'stand-ins', [socket, '127.0.0.1'])).stop);
  const standIns = await connectStandIns(socket);
  stack.defer(standIns.close);
  const cni = stack.use(await createCniResultsDir());
  const cluster = createCluster({ standIns, cni });
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, String(await standIns.call({ do: 'kubeconfig' })));
  const lines: World['lines'][number][] = [];
  const serverAddress = podAddresses(SERVER_POD).ipv4;
  await mkdir(join(folder, 'programs'));
  const programs = await prepareNodePrograms({
    folder: join(folder, 'programs'),
    bundles,
    cgroups,
    kubeconfig,
    cniDirectory: cni.path,
    enter,
    serverAddress,
    onLine(program, line) {
      if (lines.length < MOST_LINES) lines.push({ program, line });
    },
  });
  const cast = await placePods({ namespaces, cluster, standIns });
  for (const attackers of ['attacker', 'sixteen', 'other-node'])
    await namespaces.sysctl(attackers, { 'ipv4/tcp_wmem': MOST_UNSENT });
  const groups = { attackers: await cgroups.make(ATTACKERS), watchers: await cgroups.make(WATCHERS) };
  const all = stack.move();
  return {
    folder,
    lines,
    namespaces,
    cluster,
    cni,
    cast,
    programs,
    serverAddress,
    cgroups,
    groups,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
