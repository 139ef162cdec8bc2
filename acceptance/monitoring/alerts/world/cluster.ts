import { createImdsClient } from '@rolegate/sandbox';
import type { ProgramLine } from '@rolegate/testing';
import { cniSocketIn, createReconcile } from '../../../chaos/reconcile.ts';
import type { Reconcile } from '../../../chaos/reconcile.ts';
import { startChaosWorld } from '../../../chaos/world.ts';
import type { ChaosWorld } from '../../../chaos/world.ts';
import type { ChaosWorldOptions } from '../../../chaos/world-programs.ts';
import { startPrometheus } from '../../prometheus/prometheus.ts';
import type { ScrapeTarget } from '../../prometheus/prometheus.ts';
import { followAlerts } from './alert-log.ts';
import type { AlertLog } from './alert-log.ts';

/** Pods that run from the start, each with its own role. */
const PODS = 12;
/** How often each of them calls. Milliseconds. */
const CALL_EVERY_MS = 2_000;
/** The API server sends bookmarks once a minute; with a twentieth of the time, every 3 s. Milliseconds. */
const BOOKMARK_EVERY_MS = 3_000;
/** Kept log lines. */
const MOST_LINES = 2_000;

export interface ClusterOptions {
  readonly prometheus: string;
  readonly ruleFile: string;
  readonly longestSessionSeconds?: number;
  readonly serverFlags?: readonly string[];
  readonly attested?: boolean;
}

/** Two servers, a node with agent and `reconcile`, and a Prometheus with the rules under test, in one network namespace. */
export interface AlertCluster {
  readonly world: ChaosWorld;
  readonly alerts: AlertLog;
  readonly lines: readonly ProgramLine[];
  readonly reconcile: Pick<Reconcile, 'kill' | 'restart'>;
}

/** Starts everything in the network namespace of this process. Closed with the stack. */
export async function openAlertCluster(
  { prometheus: program, ruleFile, longestSessionSeconds, serverFlags, attested }: ClusterOptions,
  stack: AsyncDisposableStack,
): Promise<AlertCluster> {
  const lines: ProgramLine[] = [];
  const keep = (name: string) => (line: string) => {
    if (lines.push({ program: name, line }) > MOST_LINES) lines.shift();
  };
  const reconcile = createReconcile({ onLine: keep('reconcile') }, stack);
  const options: ChaosWorldOptions = {
    cniSocket: cniSocketIn,
    onPrepared(prepared) {
      if (longestSessionSeconds !== undefined) prepared.sts.limitLifetime(longestSessionSeconds);
      return reconcile.prepare(prepared);
    },
    onLine: (name, line) => {
      keep(name)(line);
    },
    ...(serverFlags && { serverFlags }),
    ...(attested && { attested }),
  };
  const world = stack.use(await startChaosWorld(options));
  const stop = new AbortController();
  stack.defer(() => {
    stop.abort();
  });
  await runPods(world, stop.signal);
  const bookmarks = setInterval(() => {
    world.api.bookmark();
  }, BOOKMARK_EVERY_MS);
  stack.defer(() => {
    clearInterval(bookmarks);
  });
  const prometheus = stack.use(
    await startPrometheus({ program, ruleFiles: [ruleFile], jobs: jobsOf(world) }),
  );
  return {
    world,
    lines,
    alerts: followAlerts(prometheus, stop.signal),
    reconcile,
  };
}

/** The labels that the charts' PodMonitors give. The addresses are examples, because all programs are on loopback. */
function jobsOf({ programs }: ChaosWorld): Record<string, ScrapeTarget[]> {
  const node = 'ip-10-0-1-23.eu-central-1.compute.internal';
  const servers = ['6cvqn', 'x8z5d'].map((name, index) => ({
    port: programs.opsPorts[index] ?? 0,
    labels: {
      ...labelsOf('server', `rolegate-server-7d9f6c5b8-${name}`),
      endpoint: 'metrics',
      instance: `10.0.${index + 2}.17:9620`,
    },
  }));
  const agent = {
    port: programs.agentOpsPort,
    labels: { ...labelsOf('agent', 'rolegate-agent-k4w7p'), node, instance: '10.0.1.23:9621' },
  };
  return { 'rolegate/rolegate-server': servers, 'rolegate/rolegate-agent': [agent] };
}

const labelsOf = (container: string, pod: string) => ({ namespace: 'rolegate', container, pod });

/** Runs Pods that call for their credentials again and again, until the signal aborts. */
async function runPods(world: ChaosWorld, signal: AbortSignal): Promise<void> {
  world.permit('app', 'app-[0-9]+');
  for (let at = 0; at < PODS; at++) {
    await world.run(`app/pod-${at}`, `app-${at}`);
    keepCalling(world, `app/pod-${at}`, signal);
  }
}

/** A Pod calls for its credentials again and again, like an SDK that retries. */
export function keepCalling(world: ChaosWorld, named: string, signal: AbortSignal): void {
  const pod = world.node.pod(`Pod ${named}`);
  if (pod === undefined) throw new Error(`there is no Pod ${named}`);
  const client = createImdsClient({ ip: pod.ip, agent: world.programs.metadata });
  void (async () => {
    while (!signal.aborted) {
      await client.credentials().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, CALL_EVERY_MS));
    }
  })();
}
