import { seesSentinel } from '../node-metadata.ts';
import { metadataRules } from '../rules.ts';
import type { ScenarioDeps, ScenarioStep } from '../all-steps.ts';

/** By the way that the charts' notes tell. */
export function uninstalling(deps: ScenarioDeps): ScenarioStep[] {
  const { kubectl, installation, node } = deps;
  return [
    {
      name: 'uninstall=true takes all rules away, and helm uninstall leaves nothing behind',
      async run() {
        await installation.installAgent();
        await installation.uninstallRules();
        await expectNoRules(deps);
        await installation.uninstall();
        const left = await installation.leftOver();
        if (left.length > 0) throw new Error(`left over: ${left.join(' ')}`);
        // A Pod of the agent that was late in ending would lay them again.
        const rules = await metadataRules(kubectl, node.name);
        if (rules.length > 0) throw new Error(`laid again:\n${rules.join('\n')}`);
        await seesSentinel(deps);
      },
    },
  ];
}

/** Nothing of ours is laid on the node. */
export async function expectNoRules({
  kubectl,
  node,
}: Pick<ScenarioDeps, 'kubectl' | 'node'>): Promise<void> {
  const rules = await metadataRules(kubectl, node.name);
  if (rules.length > 0) throw new Error(`left over:\n${rules.join('\n')}`);
}
