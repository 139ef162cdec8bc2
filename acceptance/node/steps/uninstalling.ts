import { seesSentinel } from '../imds-log.ts';
import { metadataRules } from '../node-pods.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** By the way that the charts' notes tell. */
export function uninstalling(world: NodeWorld): NodeStep[] {
  const { kubectl, installation, node } = world;
  return [
    {
      title: 'uninstall=true removes all rules, and helm uninstall leaves nothing behind',
      async run() {
        await installation.installAgent();
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
        const left = await installation.leftOver();
        if (left.length > 0) throw new Error(`left over: ${left.join(' ')}`);
        // A Pod of the agent that was late in ending would lay them again.
        const rules = await metadataRules(kubectl, node.name);
        if (rules.length > 0) throw new Error(`laid again:\n${rules.join('\n')}`);
        await seesSentinel(world);
      },
    },
  ];
}

/** Nothing of ours is laid on the node. */
export async function expectNoRules({ kubectl, node }: Pick<NodeWorld, 'kubectl' | 'node'>): Promise<void> {
  const rules = await metadataRules(kubectl, node.name);
  if (rules.length > 0) throw new Error(`left over:\n${rules.join('\n')}`);
}
