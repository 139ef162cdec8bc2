import { eventually } from '../packages/testing/src/index.ts';
import { agentMetrics, growth } from './agent-metrics.ts';
import type { Samples } from './agent-metrics.ts';
import { CREDENTIALS_PATH } from './asking.ts';
import type { Asking } from './asking.ts';
import type { ImdsLog } from './imds-log.ts';
import { NAMESPACE } from './installation.ts';
import type { Installation } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import { losing } from './losing.ts';
import { nobodyReached, seesSentinel } from './node-metadata.ts';
import { metadataRules } from './rules.ts';
import { judgeSwarm, swarmResults } from './swarm.ts';
import { CLOSED, OPEN, ROLE_NAME } from './test-pods.ts';
import type { TestPods } from './test-pods.ts';

export interface ScenarioDeps {
  readonly kubectl: Kubectl;
  readonly installation: Installation;
  readonly pods: TestPods;
  readonly asking: Asking;
  /** Undefined: nobody says what reached the node's own metadata API. */
  readonly imdsLog: ImdsLog | undefined;
  readonly node: { readonly name: string; readonly ip: string };
  readonly stsEndpoint: string | undefined;
  readonly sentinel: string;
  readonly swarm: number;
  /** Figures, for people. */
  readonly say: (line: string) => void;
}

export interface ScenarioStep {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Where it fails the others say nothing. */
  readonly needed?: true;
}

/** An Event needs a moment. */
const SOON = { withinMs: 15_000, everyMs: 500 };

/** What is shown on a real node, in this order; each step throws an Error that says what was otherwise. */
export function scenario(deps: ScenarioDeps): ScenarioStep[] {
  return [...installing(deps), ...asking(deps), ...starting(deps), ...losing(deps)];
}

function installing(deps: ScenarioDeps): ScenarioStep[] {
  const { kubectl, installation, pods, imdsLog, node, stsEndpoint } = deps;
  return [
    { name: 'the Pods that ask are there', run: () => pods.make(), needed: true },
    {
      name: 'before, a Pod reaches the metadata API of the node: what is looked for below can be seen',
      run: () => seesSentinel(deps),
    },
    {
      name: 'server and agent come up by the plain manifests',
      needed: true,
      async run() {
        await installation.install({ stsEndpoint });
        await imdsLog?.mark();
      },
    },
    {
      name: 'all layers of rules are laid, and intercept has proved that they work',
      async run() {
        const rules = (await metadataRules(kubectl, node.name)).join('\n');
        const log = await kubectl.call(['-n', NAMESPACE, 'logs', 'ds/rolegate-agent', '-c', 'intercept']);
        if (!log.includes('interception proved')) throw new Error(`intercept says\n${log}`);
        for (const part of ['DNAT', 'ROLEGATE-DENY', 'ROLEGATE-INPUT', 'rule4: 6:', 'rule6: 6:']) {
          if (!rules.includes(part)) throw new Error(`there is no ${part} in\n${rules}`);
        }
      },
    },
  ];
}

function asking({ kubectl, asking: ask, node }: ScenarioDeps): ScenarioStep[] {
  return [
    {
      name: 'the two calls of a Pod without a role: 404 and 404',
      run: () => ask.expectBoth([OPEN, 'plain'], { credentials: { status: '404' }, userData: '404' }),
    },
    {
      name: 'the two calls of a Pod with a role: its own name and 404; its credentials are there',
      run: () => eventually(() => expectOwnRole(ask), SOON),
    },
    {
      name: 'a Pod whose Namespace permits nothing is refused, and an Event on it says why',
      async run() {
        const { status } = await ask.metadata(CLOSED, 'refused', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
        if (status !== '403') throw new Error(`refused got ${status}`);
        await eventually(async () => {
          const events = await kubectl.call([
            '-n',
            CLOSED,
            'get',
            'events',
            '-o',
            'jsonpath={.items[*].reason}',
          ]);
          if (!events.split(' ').includes('NamespaceDenied')) throw new Error(`Events: ${events}`);
        }, SOON);
      },
    },
    {
      name: 'what is no metadata call gets no answer: another port, and the port of the agent itself',
      async run() {
        for (const url of ['http://169.254.169.254:81/', `http://${node.ip}:8181/latest/meta-data/`]) {
          const { status, body } = await ask.get(OPEN, 'app', url);
          if (status !== '000') throw new Error(`${url} is ${status} ${body}`);
        }
      },
    },
  ];
}

async function expectOwnRole(ask: Asking): Promise<void> {
  const credentials = { status: '200', body: ROLE_NAME };
  await ask.expectBoth([OPEN, 'app'], { credentials, userData: '404' });
  const { status, body } = await ask.metadata(OPEN, 'app', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
  // Not the body: it holds a key.
  if (!body.includes('"AccessKeyId"')) throw new Error(`app's credentials are ${status}`);
}

function starting({ kubectl, installation, pods, imdsLog, swarm, say }: ScenarioDeps): ScenarioStep[] {
  return [
    {
      name: `${swarm} Pods started at once get their own credentials at the first try, by boto3's defaults`,
      async run() {
        const agent = await installation.agentPod();
        const before = await agentMetrics(kubectl, agent);
        await pods.startSwarm(swarm);
        const { faults, figures } = judgeSwarm(await swarmResults(kubectl, swarm));
        const both = [before, await agentMetrics(kubectl, agent)] as const;
        for (const line of [...figures, ...agentFigures(both)]) say(line);
        if (faults.length > 0) throw new Error(`${faults.length} of ${swarm} failed:\n${faults.join('\n')}`);
        await kubectl.remove('-n', OPEN, 'pods', '-l', 'app=swarm');
      },
    },
    { name: 'no Pod reached the metadata API of the node', run: () => nobodyReached(imdsLog) },
  ];
}

function agentFigures(both: readonly [Samples, Samples]): string[] {
  const duration = 'rolegate_request_duration_seconds';
  const [sum, count] = [growth(both, `${duration}_sum`).total, growth(both, `${duration}_count`).total];
  return [
    `the agent answered ${count} requests, in ${((1000 * sum) / count).toFixed(1)} ms on the average`,
    `first requests: ${growth(both, 'rolegate_first_request_total').text}`,
    `held: ${growth(both, 'rolegate_holds_total').text}`,
  ];
}
