import { nobodyReached } from '../imds-log.ts';
import { metadataRules } from '../node-pods.ts';
import type { NodeStep } from '../step.ts';
import { OPEN } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';

/** The agent is taken away; its rules are not. */
export function withoutAgent({ kubectl, installation, asking, imdsLog, node }: NodeWorld): NodeStep[] {
  return [
    {
      title: 'After helm uninstall of the agent, its rules remain, and nothing leaks',
      async run() {
        await installation.uninstallAgent();
        for (const pod of ['plain', 'app']) {
          await asking.expectBoth([OPEN, pod], { credentials: { status: '000' }, userData: '000' });
        }
        if ((await metadataRules(kubectl, node.name)).length === 0) throw new Error('the rules are gone');
        await nobodyReached(imdsLog);
      },
    },
  ];
}
