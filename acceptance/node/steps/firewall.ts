import { expectNotReached } from '../imds-log.ts';
import { logLine } from '../log-lines.ts';
import type { NodeStep } from '../step.ts';
import { expectNoRules } from './uninstalling.ts';
import { PERMITTED_NAMESPACE } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';

/** The agent without a server. */
export function firewall(world: NodeWorld): NodeStep[] {
  const { installation, curl, imdsLog, say } = world;
  return [
    {
      title: 'In firewall mode, without a server, all Pods are refused, and the refusal is logged',
      async run() {
        await imdsLog?.mark();
        await installation.installAgent('firewall');
        await imdsLog?.mark();
        for (const pod of ['plain', 'app']) {
          await curl.expectBoth([PERMITTED_NAMESPACE, pod], {
            credentials: { status: '403' },
            userData: '403',
          });
        }
        await expectNotReached(imdsLog);
        const [pod = ''] = await installation.pods('agent');
        say(logLine(await installation.logs(pod, 'agent'), { reason: 'MetadataDenied' }));
      },
    },
    {
      title: 'After firewall mode, uninstall=true opens the metadata API again',
      async run() {
        await installation.uninstallRules('firewall');
        await expectNoRules(world);
        await installation.uninstall();
      },
    },
  ];
}
