import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createImdsClient, startPrograms } from '@rolegate/sandbox';
import { createCniResultsDir, eventually, outputOf } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import type { ClusterObjects, RealPod } from '../cluster-objects.ts';
import { parsedLine } from '../../processes/log-line.ts';
import type { LogLine } from '../../processes/log-line.ts';
import { expectNoFailures } from '../no-failures.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const IN_FORCE = { withinMs: 10_000, everyMs: 50 };
/** Servers retry after at most 30 s. */
const FOLLOWED = { withinMs: 60_000, everyMs: 100 };
/** Time to stop and start a control plane. Milliseconds. */
const COMMAND_WITHIN_MS = 180_000;
/** More changes than the restored etcd gets during the test. */
const LOST_CHANGES = 300;
const SERVERS = 2;

/** Starts servers and an agent. Must be last, because objects created after the backup are lost. */
export async function etcdRestoreSteps(world: ClusterWorld): Promise<ClusterStep[]> {
  const { objects, stack, onAgentLine, onServerLine, etcdRestore: command } = world;
  if (command === undefined) {
    console.log('skipped restored etcd: --etcd-restore is not set');
    return [];
  }
  const cni = stack.use(await createCniResultsDir());
  const node = await objects.node('rolegate-restore');
  const [serverLog, agentLog]: [LogLine[], LogLine[]] = [[], []];
  const folder = join(world.folder, 'restore');
  await mkdir(folder);
  const { metadata: agent } = await startPrograms(
    {
      ...world,
      folder,
      node,
      serverCount: SERVERS,
      cniDirectory: cni.path,
      onServerLine: (line, index) => {
        onServerLine(line, index);
        serverLog.push(parsedLine(line));
      },
      onAgentLine: (line) => {
        onAgentLine(line);
        agentLog.push(parsedLine(line));
      },
    },
    (program) => {
      stack.defer(program.stop);
    },
  );
  return restoreSteps({ objects, cni, agent, node, command, serverLog, agentLog });
}

interface EtcdRestoreDeps {
  readonly objects: ClusterObjects;
  readonly cni: CniResultsDir;
  readonly agent: { readonly host: string; readonly port: number };
  readonly node: string;
  /** Called with `save` and with `restore`. */
  readonly command: string;
  readonly serverLog: readonly LogLine[];
  readonly agentLog: readonly LogLine[];
}

/** Functions that control Pods and etcd. */
function createRestore({ objects, cni, agent, node, command }: EtcdRestoreDeps) {
  const made: { namespace: string; kept?: RealPod; lost?: RealPod } = { namespace: '' };

  async function start(name: string, ip: string): Promise<RealPod> {
    const { namespace } = made;
    const pod = await objects.pod({ namespace, name, node, ip, annotations: { [ROLE]: `team/${name}` } });
    await cni.add({ uid: pod.uid, namespace, name, ips: [ip] });
    await objects.reportRunning(pod);
    return pod;
  }

  const etcd = (what: 'save' | 'restore') =>
    outputOf(['bash', '-c', `${command} ${what}`], { env: process.env, timeoutMs: COMMAND_WITHIN_MS });
  const permit = (permitted: string) => objects.annotateNamespace(made.namespace, { [PERMITTED]: permitted });
  const credentials = (pod: RealPod | undefined) =>
    createImdsClient({ ip: pod?.ip ?? '', agent }).credentials();
  const expectStatus = (pod: RealPod | undefined, wanted: number, patience = IN_FORCE) =>
    eventually(async () => {
      const { status } = await credentials(pod);
      if (status !== wanted) throw new Error(`${pod?.name ?? 'no Pod'} got ${status}, not ${wanted}`);
    }, patience);

  return { made, start, etcd, permit, credentials, expectStatus };
}

/** Restores an etcd backup while servers and agent run. */
function restoreSteps(deps: EtcdRestoreDeps): ClusterStep[] {
  const { objects, serverLog, agentLog } = deps;
  const { made, start, etcd, permit, credentials, expectStatus } = createRestore(deps);
  return [
    {
      title: 'Two Pods have their roles, and only one of them is in the etcd backup',
      async run() {
        made.namespace = await objects.namespace('rolegate-restore', { [PERMITTED]: 'team/.*' });
        made.kept = await start('kept', '127.9.8.1');
        await expectStatus(made.kept, 200);
        await etcd('save');
        await eventually(async () => {
          made.lost = await start('lost', '127.9.8.2');
        }, FOLLOWED);
        for (let change = 0; change < LOST_CHANGES; change++) await permit(`team/.*|${change}`);
        await expectStatus(made.lost, 200);
      },
    },
    {
      title: 'No request of a running Pod fails while the etcd backup is restored',
      async run() {
        const request = { name: 'kept', send: () => credentials(made.kept) };
        await expectNoFailures([request], () => etcd('restore'));
      },
    },
    {
      title: 'Each server logs that the API server went back to an older state, without a restart',
      run: () => expectLogged(serverLog, 'API server was restored to an older state', SERVERS),
    },
    {
      title: 'A permit revoked after the restore takes effect',
      async run() {
        await permit('none');
        await expectStatus(made.kept, 403, FOLLOWED);
      },
    },
    {
      title: 'A Pod created after the backup is unknown after the restore',
      run: () => expectStatus(made.lost, 503, FOLLOWED),
    },
    {
      title: 'A permit granted again after the restore takes effect, and a new Pod is served',
      async run() {
        await permit('team/.*');
        await expectStatus(made.kept, 200);
        await expectStatus(await start('new', '127.9.8.3'), 200);
      },
    },
    {
      title: 'The agent drops state that is newer than the restored etcd and logs it',
      run: () => expectLogged(agentLog, 'API server was restored to an older state', 1),
    },
  ];
}

function expectLogged(log: readonly LogLine[], msg: string, times: number): Promise<void> {
  return eventually(() => {
    const lines = log.filter((line) => line.msg === msg).length;
    if (lines < times) throw new Error(`${lines} of ${times} lines: ${msg}`);
  }, FOLLOWED);
}
