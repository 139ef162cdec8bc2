import { eventually } from '../packages/testing/src/index.ts';
import { CREDENTIALS_PATH } from './asking.ts';
import type { Asking } from './asking.ts';
import { NAMESPACE } from './installation.ts';
import { nobodyReached, seesSentinel } from './node-metadata.ts';
import { metadataRules } from './rules.ts';
import type { ScenarioDeps, ScenarioStep } from './scenario.ts';
import { OPEN, ROLE_NAME } from './test-pods.ts';

/** Calls while the agent's Pod is replaced, 100 ms apart. */
const HAMMER_TIMES = 150;
const SOON = { withinMs: 15_000, everyMs: 500 };

/** The agent is replaced, then taken away, and at last its rules are. */
export function losing(deps: ScenarioDeps): ScenarioStep[] {
  const { kubectl, installation, asking, imdsLog, node, sentinel } = deps;
  return [
    {
      name: 'while the Pod of the agent is replaced nothing gets through, and then it answers again',
      async run() {
        const [, answers] = await Promise.all([
          kubectl.remove('-n', NAMESPACE, 'pod', await installation.agentPod()),
          asking.hammer(OPEN, 'app', HAMMER_TIMES),
        ]);
        if (answers.some((body) => body.includes(sentinel))) throw new Error('a Pod read what is the node’s');
        const kinds = new Set(answers.filter((body) => body !== '' && body !== ROLE_NAME));
        deps.say(
          `${answers.filter((body) => body === ROLE_NAME).length} of ${answers.length} calls answered`,
        );
        if (kinds.size > 0) deps.say(`others: ${[...kinds].join(' | ').slice(0, 300)}`);
        await kubectl.rollout('daemonset/rolegate-agent', NAMESPACE);
        await eventually(() => answersAgain(asking), SOON);
      },
    },
    {
      name: 'without an agent nothing gets through: its rules outlive it',
      async run() {
        await installation.removeAgent();
        for (const pod of ['plain', 'app']) {
          await asking.expectBoth([OPEN, pod], { credentials: { status: '000' }, userData: '000' });
        }
        if ((await metadataRules(kubectl, node.name)).length === 0) throw new Error('the rules are gone');
        await nobodyReached(imdsLog);
      },
    },
    {
      name: 'uninstall takes all of them away',
      async run() {
        await installation.uninstallRules();
        const left = await metadataRules(kubectl, node.name);
        if (left.length > 0) throw new Error(`left over:\n${left.join('\n')}`);
        await seesSentinel(deps);
      },
    },
  ];
}

async function answersAgain(asking: Asking): Promise<void> {
  const { status, body } = await asking.metadata(OPEN, 'app', CREDENTIALS_PATH);
  if (body !== ROLE_NAME) throw new Error(`app got ${status} ${body}`);
}
