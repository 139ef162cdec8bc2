import { expectNotReached } from '../imds-log.ts';
import { metadataRules } from '../node-pods.ts';
import type { NodeStep } from '../step.ts';
import { PERMITTED_NAMESPACE } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';

/** The agent is uninstalled without removing its rules. */
export function withoutAgent(world: NodeWorld): NodeStep[] {
  const { installation, curl, imdsLog } = world;
  return [
    {
      title: 'After helm uninstall of the agent, its rules remain, and nothing leaks',
      async run() {
        await installation.uninstallAgent();
        for (const pod of ['plain', 'app']) {
          await curl.expectBoth([PERMITTED_NAMESPACE, pod], {
            credentials: { status: '000' },
            userData: '000',
          });
        }
        if ((await metadataRules(world)).length === 0) throw new Error('the rules were removed');
        await expectNotReached(imdsLog);
      },
    },
  ];
}
