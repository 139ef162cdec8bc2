import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createImdsClient, startPrograms } from '@rolegate/sandbox';
import type { ProgramsOptions } from '@rolegate/sandbox';
import { createCniResultsDir, eventually } from '@rolegate/testing';
import type { CniResultsDir } from '@rolegate/testing';
import type { ClusterObjects, RealPod } from '../cluster-objects.ts';
import { parsedLine } from '../identity/world.ts';
import type { LogLine } from '../identity/world.ts';
import { runSteps } from '../steps.ts';
import type { Outcome, ScenarioStep } from '../steps.ts';

const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';
const IN_FORCE = { withinMs: 10_000, everyMs: 50 };
/** Servers try again after 30 s at most. */
const FOLLOWED = { withinMs: 60_000, everyMs: 100 };
/** For stopping and starting a control plane. Milliseconds. */
const COMMAND_WITHIN_MS = 180_000;
/** More changes than the restored etcd sees in the time of the test. */
const LOST_CHANGES = 300;
const ASK_EVERY_MS = 50;

const SERVERS = 2;

export interface EtcdRestoreRun extends Pick<ProgramsOptions, 'kubeconfig' | 'stsEndpoint' | 'imdsEndpoint'> {
  readonly objects: ClusterObjects;
  readonly stack: AsyncDisposableStack;
  readonly folder: string;
  readonly onLine: (line: string) => void;
}

/** With servers and an agent of its own; what is made after the backup is lost, so that it comes last. */
export async function runEtcdRestore(command: string | undefined, run: EtcdRestoreRun): Promise<Outcome> {
  if (command === undefined) {
    console.log('skipped an etcd that is restored: no --etcd-restore says how');
    return { passed: 0, failed: 0 };
  }
  const { objects, stack, onLine, ...options } = run;
  const cni = stack.use(await createCniResultsDir());
  const node = await objects.node('rolegate-restore');
  const [serverLog, agentLog]: [LogLine[], LogLine[]] = [[], []];
  const into = (log: LogLine[]) => (line: string) => {
    onLine(line);
    log.push(parsedLine(line));
  };
  const folder = join(options.folder, 'restore');
  await mkdir(folder);
  const { metadata: agent } = await startPrograms(
    {
      ...options,
      folder,
      node,
      serverCount: SERVERS,
      cniDirectory: cni.path,
      onServerLine: into(serverLog),
      onAgentLine: into(agentLog),
    },
    (program) => {
      stack.defer(program.stop);
    },
  );
  const steps = etcdRestoreSteps({ objects, cni, agent, node, command, serverLog, agentLog });
  return await runSteps('an etcd that is restored', steps);
}

interface EtcdRestoreDeps {
  readonly objects: ClusterObjects;
  readonly cni: CniResultsDir;
  readonly agent: { readonly host: string; readonly port: number };
  readonly node: string;
  /** Run with `save`, and with `restore`. */
  readonly command: string;
  readonly serverLog: readonly LogLine[];
  readonly agentLog: readonly LogLine[];
}

/** A real etcd is put back to an older state; servers and agent are left running. */
function etcdRestoreSteps(deps: EtcdRestoreDeps): ScenarioStep[] {
  const { objects, cni, agent, node, serverLog, agentLog } = deps;
  const made: { namespace: string; kept?: RealPod; lost?: RealPod } = { namespace: '' };

  async function start(name: string, ip: string): Promise<RealPod> {
    const { namespace } = made;
    const pod = await objects.pod({ namespace, name, node, ip, annotations: { [ROLE]: `team/${name}` } });
    await cni.add({ uid: pod.uid, namespace, name, ips: [ip] });
    await objects.reportRunning(pod);
    return pod;
  }

  const etcd = (what: 'save' | 'restore') =>
    promisify(execFile)('bash', ['-c', `${deps.command} ${what}`], { timeout: COMMAND_WITHIN_MS });
  const permit = (permitted: string) => objects.annotateNamespace(made.namespace, { [PERMITTED]: permitted });
  const statusOf = async (pod: RealPod | undefined) =>
    (await createImdsClient({ ip: pod?.ip ?? '', agent }).credentials()).status;
  const expectStatus = (pod: RealPod | undefined, wanted: number, patience = IN_FORCE) =>
    eventually(async () => {
      const status = await statusOf(pod);
      if (status !== wanted) throw new Error(`${pod?.name ?? 'no Pod'} got ${status}, not ${wanted}`);
    }, patience);

  return [
    {
      name: 'Pods have their roles, of which etcd knows one when its data is kept',
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
      name: 'while the data is put back no request of the running Pod fails',
      async run() {
        const asking = keepAsking(() => statusOf(made.kept));
        await etcd('restore');
        const bad = await asking.stop();
        if (bad.length > 0)
          throw new Error(`${bad.length} requests were answered ${bad.slice(0, 5).join(', ')}`);
      },
    },
    {
      name: 'each server says that the API server went back, and none is started again',
      run: () => said(serverLog, 'API server went back to an older state', SERVERS),
    },
    {
      name: 'a permit that is withdrawn then is in force',
      async run() {
        await permit('none');
        await expectStatus(made.kept, 403, FOLLOWED);
      },
    },
    {
      name: 'a Pod that was made after the data was kept is unknown',
      run: () => expectStatus(made.lost, 503, FOLLOWED),
    },
    {
      name: 'a permit that is given again, and a new Pod, are in force as ever',
      async run() {
        await permit('team/.*');
        await expectStatus(made.kept, 200);
        await expectStatus(await start('new', '127.9.8.3'), 200);
      },
    },
    {
      name: 'the agent was told to forget, and says so',
      run: () => said(agentLog, 'API server went back to an older state, following it', 1),
    },
  ];
}

function said(log: readonly LogLine[], msg: string, times: number): Promise<void> {
  return eventually(() => {
    const lines = log.filter((line) => line.msg === msg).length;
    if (lines < times) throw new Error(`${lines} lines say: ${msg}`);
  }, FOLLOWED);
}

/** Asks until it is stopped, and gives back what was not 200. */
function keepAsking(status: () => Promise<number>) {
  const bad: string[] = [];
  let stopped = false;
  const over = () => stopped;
  const asking = (async () => {
    while (!over()) {
      const answer = await status().catch((error: unknown) => String(error));
      if (answer !== 200) bad.push(String(answer));
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  })();
  return {
    async stop(): Promise<readonly string[]> {
      stopped = true;
      await asking;
      return bad;
    },
  };
}
