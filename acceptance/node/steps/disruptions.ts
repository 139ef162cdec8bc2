import { expectNotReached } from '../imds-log.ts';
import { createKiller, removeKiller, signalAgentProcess } from '../node-pods.ts';
import { expectNoFailure, expectOnlyOwn, resultLines, duringRequests } from '../continuous-requests.ts';
import type { ClientResult } from '../continuous-requests.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** kubelet notices within a second that a container has ended. */
const RESTARTED_WITHIN_S = 120;

/** Servers and agents are replaced and killed while Pods send requests. */
export function disruptions(world: NodeWorld): NodeStep[] {
  const { kubectl, installation, imdsLog, node, say } = world;
  const report = (results: readonly ClientResult[]) => {
    for (const line of resultLines(results)) say(line);
  };
  return [
    {
      title: 'No request fails and nothing leaks while server Pods are deleted one after the other',
      async run() {
        const results = await duringRequests(kubectl, async () => {
          for (const pod of await installation.pods('server')) {
            await installation.deletePod(pod);
            await installation.serverReady();
          }
        });
        report(results);
        expectNoFailure(results);
      },
    },
    {
      title: 'No request fails and nothing leaks while helm upgrade of both charts replaces every Pod',
      async run() {
        const before = [...(await installation.pods('server')), ...(await installation.pods('agent'))];
        const results = await duringRequests(kubectl, () => installation.upgrade('again'));
        report(results);
        expectNoFailure(results);
        const after = [...(await installation.pods('server')), ...(await installation.pods('agent'))];
        const same = after.filter((pod) => before.includes(pod));
        if (same.length > 0 || after.length !== 3)
          throw new Error(`before ${before.join()}, then ${after.join()}`);
      },
    },
    {
      title: "If the agent's container is killed, requests fail closed until the agent answers again",
      async run() {
        await createKiller(kubectl, node.name);
        const results = await duringRequests(kubectl, async () => {
          const [pod = ''] = await installation.pods('agent');
          await signalAgentProcess(kubectl, 'SIGKILL');
          const restarted = "jsonpath={.status.containerStatuses[?(@.name=='agent')].restartCount}=1";
          await kubectl.waitFor(restarted, ['-n', 'rolegate', `pod/${pod}`], RESTARTED_WITHIN_S);
          await installation.agentReady();
        });
        await removeKiller(kubectl);
        report(results);
        expectOnlyOwn(results);
        await expectNotReached(imdsLog);
      },
    },
  ];
}
