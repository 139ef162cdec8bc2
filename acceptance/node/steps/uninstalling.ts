import { expectSentinel } from '../imds-log.ts';
import { metadataRules } from '../node-pods.ts';
import type { RulesDeps } from '../node-pods.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** As the notes of the charts say. */
export function uninstalling(world: NodeWorld): NodeStep[] {
  const { installation } = world;
  return [
    {
      title: 'uninstall=true removes all rules, and helm uninstall leaves nothing behind',
      async run() {
        await installation.installAgent();
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
        await expectNothingLeft(world);
        // An agent Pod that ends late would install them again.
        await expectNoRules(world);
        await expectSentinel(world);
      },
    },
  ];
}

/** Throws if the charts left objects behind. */
export async function expectNothingLeft({ installation }: Pick<NodeWorld, 'installation'>): Promise<void> {
  const left = await installation.leftOver();
  if (left.length > 0) throw new Error(`left over: ${left.join(' ')}`);
}

/** Throws if the node has rules of ours. */
export async function expectNoRules(world: RulesDeps): Promise<void> {
  const rules = await metadataRules(world);
  if (rules.length > 0) throw new Error(`left over:\n${rules.join('\n')}`);
}
