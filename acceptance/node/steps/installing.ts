import { expectSentinel } from '../imds-log.ts';
import { metadataRules } from '../node-pods.ts';
import { required } from '../step.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** The agent's chart is installed first, and waits for the server. */
export function installing(world: NodeWorld): NodeStep[] {
  const { installation, pods, imdsLog, say } = world;
  return [
    required({ title: 'The test Pods start', run: () => pods.create() }),
    {
      title: "Before Rolegate is installed, a Pod reaches the node's metadata API",
      run: () => expectSentinel(world),
    },
    required({
      title: 'After helm install of both charts, the agent first, both become ready',
      async run() {
        await installation.prepare();
        await installation.install();
        await imdsLog?.mark();
      },
    }),
    {
      title: 'All containers run the images of the charts',
      run: () => installation.expectImages(),
    },
    {
      title: 'All layers of rules are installed, and the self-test of intercept has passed',
      async run() {
        const rules = (await metadataRules(world)).join('\n');
        const [pod = ''] = await installation.pods('agent');
        const log = await installation.logs(pod, 'intercept');
        if (!log.includes('self-test passed')) throw new Error(`intercept logged\n${log}`);
        for (const part of ['DNAT', 'ROLEGATE-DENY', 'ROLEGATE-INPUT', 'rule4: 6:', 'rule6: 6:']) {
          if (!rules.includes(part)) throw new Error(`there is no ${part} in\n${rules}`);
        }
      },
    },
    {
      title: 'helm test passes for a Pod with a role and for one without',
      async run() {
        for (const line of (await installation.helm.test('agent')).split('\n')) {
          if (line.includes('security-credentials') || line.includes('user-data')) say(line);
        }
      },
    },
  ];
}
