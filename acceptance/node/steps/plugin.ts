import { eventually } from '@rolegate/testing';
import { lineFault, printedOf } from '../plugin/lost-lines.ts';
import { CREDENTIALS_PATH } from '../curl-from-pod.ts';
import type { NodeStep } from '../step.ts';
import { DENIED_NAMESPACE, ROLE_NAME } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';

/** `logs -f` prints a line a second after it was written. */
const SOON = { withinMs: 15_000, everyMs: 500 };
const NAMESPACE = 'rolegate';

/** `kubectl rolegate` in the cluster. */
export function plugin(world: NodeWorld): NodeStep[] {
  return [followsRollout(world)];
}

function followsRollout({ kubectl, installation, curl, plugin: rolegate }: NodeWorld): NodeStep {
  const printed: string[] = [];
  const isPrinted = (pod: string, msg: string) => () => {
    const lines = printed.map((line) => JSON.parse(line) as { msg: string; kubernetes: { pod: string } });
    if (!lines.some((line) => line.kubernetes.pod === pod && line.msg === msg))
      return Promise.reject(new Error(`no line ${msg} of ${pod} among ${printed.length}`));
    return Promise.resolve();
  };
  return {
    title: 'kubectl rolegate logs -f follows the roll-out of the agents without losing or repeating a line',
    async run() {
      const [before = ''] = await installation.pods('agent');
      const following = rolegate.start(['logs', '-f', '--since', '1s', '-o', 'json'], (line) => {
        printed.push(line);
      });
      try {
        await curl.metadata(DENIED_NAMESPACE, 'refused', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
        await eventually(isPrinted(before, 'request refused'), SOON);
        // Its last lines would be lost with the Pod. `kubectl logs -f` ends with the container.
        const last = installation.logs(before, 'agent', '-f');
        await kubectl.call(['-n', NAMESPACE, 'rollout', 'restart', 'daemonset/rolegate-agent']);
        await installation.agentReady();
        const after = (await installation.pods('agent')).find((pod) => pod !== before) ?? '';
        await curl.metadata(DENIED_NAMESPACE, 'refused', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
        await eventually(isPrinted(after, 'request refused'), SOON);
        const logs = [
          [before, await last],
          [after, await installation.logs(after, 'agent')],
        ] as const;
        await eventually(() => {
          const faults = logs.flatMap(
            ([pod, log]) => lineFault(printedOf(printed, { pod, container: 'agent' }), log) ?? [],
          );
          return faults.length === 0 ? Promise.resolve() : Promise.reject(new Error(faults.join('; ')));
        }, SOON);
      } finally {
        await following.stop();
      }
      return `${printed.length} lines`;
    },
  };
}
