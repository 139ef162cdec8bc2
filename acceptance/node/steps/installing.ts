import { seesSentinel } from '../node-metadata.ts';
import { metadataRules } from '../rules.ts';
import type { ScenarioDeps, ScenarioStep } from '../all-steps.ts';

/** The agent's chart first, which then waits. */
export function installing(deps: ScenarioDeps): ScenarioStep[] {
  const { kubectl, installation, pods, imdsLog, node, say } = deps;
  return [
    { name: 'the Pods that ask are there', run: () => pods.make(), needed: true },
    {
      name: 'before, a Pod reaches the metadata API of the node: what is looked for below can be seen',
      run: () => seesSentinel(deps),
    },
    {
      name: 'helm install of both charts, the agent first: both become ready',
      needed: true,
      async run() {
        await installation.prepare();
        await installation.install();
        await imdsLog?.mark();
      },
    },
    {
      name: 'all layers of rules are laid, and intercept has proved that they work',
      async run() {
        const rules = (await metadataRules(kubectl, node.name)).join('\n');
        const [pod = ''] = await installation.pods('agent');
        const log = await installation.logs(pod, 'intercept');
        if (!log.includes('interception proved')) throw new Error(`intercept says\n${log}`);
        for (const part of ['DNAT', 'ROLEGATE-DENY', 'ROLEGATE-INPUT', 'rule4: 6:', 'rule6: 6:']) {
          if (!rules.includes(part)) throw new Error(`there is no ${part} in\n${rules}`);
        }
      },
    },
    {
      name: 'helm test: the two calls, from a Pod with a role and from one without',
      async run() {
        for (const line of (await installation.helm.test('agent')).split('\n')) {
          if (line.includes('security-credentials') || line.includes('user-data')) say(line);
        }
      },
    },
  ];
}
