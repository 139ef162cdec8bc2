import { nobodyReached } from '../node-metadata.ts';
import { metadataRules } from '../rules.ts';
import type { ScenarioDeps, ScenarioStep } from '../all-steps.ts';
import { OPEN } from '../test-pods.ts';

/** The agent is taken away; its rules are not. */
export function losing({ kubectl, installation, asking, imdsLog, node }: ScenarioDeps): ScenarioStep[] {
  return [
    {
      name: 'without an agent nothing gets through: its rules outlive helm uninstall',
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
