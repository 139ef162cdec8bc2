import { keepAsking } from '../../chaos/running-pods.ts';
import { startChaosWorld } from '../../chaos/world.ts';
import type { ChaosWorld } from '../../chaos/world.ts';
import { clientKinds } from '../../pod-calls/sdk-call.ts';
import { startPrometheus } from '../prometheus/prometheus.ts';
import type { Prometheus } from '../prometheus/prometheus.ts';
import { openInterceptedNode } from './intercepted-node.ts';
import type { InterceptedNode } from './intercepted-node.ts';
import { startRefusedPods } from './refused-pods.ts';
import { startTokenPods } from './token-pods.ts';

const PODS = 8;
/** Few, so that calls wait when many Pods start. */
const STS_LIMITS = ['--sts-rate=2', '--sts-burst=10'];
const POLICY = { audit: '--namespace-policy=audit', enforce: '--namespace-policy=enforce' } as const;
/** The server assumes a role first, so that its own credentials expire. */
const OWN_ROLE = '--assume-role-arn=arn:aws:iam::123456789012:role/rolegate-server';

export const serverFlags = (policy: keyof typeof POLICY): string[] => [
  ...STS_LIMITS,
  OWN_ROLE,
  POLICY[policy],
];

/** Rates and scrapes are those of a cluster, only faster. Milliseconds. */
export const SCRAPE_EVERY_MS = 2_000;

/** Two servers and two nodes with Pods, scraped by Prometheus. */
export interface MonitoredWorld {
  readonly world: ChaosWorld;
  /** The other node's agent runs on loopback, without rules. */
  readonly node: InterceptedNode;
  readonly prometheus: Prometheus;
}

/** Pods of all kinds already send requests. Needs root; closed with the stack. */
export async function openMonitoredWorld(
  program: string,
  stack: AsyncDisposableStack,
): Promise<MonitoredWorld> {
  const world = stack.use(
    await startChaosWorld({
      attested: true,
      containerCredentials: true,
      serverFlags: serverFlags('audit'),
    }),
  );
  world.permit('app', '(app|web|batch)-[0-9]+');
  const node = await openInterceptedNode(world, stack);
  const { agentOpsPort, opsPorts } = world.programs;
  const prometheus = stack.use(
    await startPrometheus({
      program,
      scrapeEveryMs: SCRAPE_EVERY_MS,
      jobs: {
        'rolegate/rolegate-server': opsPorts.map((port, at) => targetOf(port, `rolegate-server-${at}`)),
        'rolegate/rolegate-agent': [agentOpsPort, node.opsPort].map((port, at) =>
          targetOf(port, `rolegate-agent-${at}`),
        ),
      },
    }),
  );
  const pods = [];
  for (let at = 0; at < PODS; at++) {
    const [name, role] = [`app/pod-${at}`, `app-${at}`];
    await world.run(name, role);
    const calls = world.callsOf(name, { keepAlive: at % 2 === 1 });
    stack.defer(() => {
      calls.close();
    });
    pods.push({ name, role, calls, kind: clientKinds[at % clientKinds.length] ?? 'document' });
  }
  const asking = keepAsking(pods);
  stack.defer(async () => {
    await asking.stop();
  });
  await startRefusedPods(world, stack);
  await startTokenPods(world, stack);
  await startNodePods(node);
  return { world, node, prometheus };
}

/** With the labels of a PodMonitor. */
function targetOf(port: number, pod: string) {
  return { port, labels: { namespace: 'rolegate', pod } };
}

const CREDENTIALS = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';
const TOKEN =
  'curl -s -m 2 -X PUT -H "x-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token';

/** Honest Pods, and one that tries ports that the rules close. */
async function startNodePods({ runPod }: InterceptedNode): Promise<void> {
  await runPod(
    { link: { name: 'web-0', shape: 'calico', index: 10 }, namespace: 'app', role: 'web-0' },
    `while :; do curl -s -m 2 -H "x-aws-ec2-metadata-token: $(${TOKEN})" ${CREDENTIALS}web-0; sleep 0.3; done`,
  );
  await runPod(
    { link: { name: 'web-1', shape: 'bridge', index: 11 }, namespace: 'app', role: 'web-1' },
    'while :; do for port in 22 8181; do curl -s -m 1 http://169.254.169.254:$port/; done; sleep 1; done',
  );
}
