import { logLine } from '../log-lines.ts';
import { nobodyReached } from '../node-metadata.ts';
import type { ScenarioDeps, ScenarioStep } from '../all-steps.ts';
import { OPEN } from '../test-pods.ts';
import { expectNoRules } from './uninstalling.ts';

/** The agent alone. */
export function firewall(deps: ScenarioDeps): ScenarioStep[] {
  const { installation, asking, imdsLog, say } = deps;
  return [
    {
      name: 'in firewall mode, without a server, all Pods are refused, and a line says so',
      async run() {
        await imdsLog?.mark();
        await installation.installFirewall();
        await imdsLog?.mark();
        for (const pod of ['plain', 'app']) {
          await asking.expectBoth([OPEN, pod], { credentials: { status: '403' }, userData: '403' });
        }
        await nobodyReached(imdsLog);
        const [pod = ''] = await installation.pods('agent');
        say(logLine(await installation.logs(pod, 'agent'), { reason: 'MetadataDenied' }));
      },
    },
    {
      name: 'and opened again by uninstall=true',
      async run() {
        await installation.uninstallRules('firewall');
        await expectNoRules(deps);
        await installation.uninstall();
      },
    },
  ];
}
