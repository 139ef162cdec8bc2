import { eventually } from '@rolegate/testing';
import { CREDENTIALS_PATH } from '../asking.ts';
import type { Asking } from '../asking.ts';
import { logLine } from '../log-lines.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { CLOSED, OPEN, ROLE_NAME } from '../test-pods.ts';

/** An Event needs a moment. */
const SOON = { withinMs: 15_000, everyMs: 500 };

/** What Pods are answered, and what is said of it. */
export function asking({ kubectl, installation, asking: ask, node, say }: NodeWorld): NodeStep[] {
  const eventsIn = async (namespace: string) =>
    (await kubectl.call(['-n', namespace, 'get', 'events', '-o', 'jsonpath={.items[*].reason}'])).split(' ');
  return [
    {
      title: 'Both metadata calls of a Pod without a role get 404',
      run: () => ask.expectBoth([OPEN, 'plain'], { credentials: { status: '404' }, userData: '404' }),
    },
    {
      title: 'A Pod with a role gets the name of its role and its credentials, and 404 for the user data',
      run: () => eventually(() => expectOwnRole(ask), SOON),
    },
    {
      title: 'A Pod whose Namespace permits nothing is refused, and an Event on the Pod says why',
      async run() {
        const { status } = await ask.metadata(CLOSED, 'refused', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
        if (status !== '403') throw new Error(`refused got ${status}`);
        await eventually(async () => {
          const events = await eventsIn(CLOSED);
          if (!events.includes('NamespaceDenied')) throw new Error(`Events: ${events.join(' ')}`);
        }, SOON);
      },
    },
    {
      title: "Requests to another port and to the agent's own port get no answer",
      async run() {
        for (const url of ['http://169.254.169.254:81/', `http://${node.ip}:8181/latest/meta-data/`]) {
          const { status, body } = await ask.get(OPEN, 'app', url);
          if (status !== '000') throw new Error(`${url} is ${status} ${body}`);
        }
      },
    },
    {
      title: 'The agent logs a line for each answer and refusal of these Pods',
      async run() {
        const [pod = ''] = await installation.pods('agent');
        const log = await installation.logs(pod, 'agent');
        for (const wanted of [
          { pod: 'plain', reason: 'NoRole' },
          { pod: 'plain', reason: 'PathBlocked' },
          { pod: 'app', audit: true },
          { pod: 'refused', reason: 'NamespaceDenied' },
        ]) {
          say(logLine(log, wanted));
        }
      },
    },
    {
      title:
        'rolegate-agent status explains the answers that Pods get, and rolegate-server status lists the agent',
      async run() {
        const ask = async (program: 'agent' | 'server', ...args: string[]) => {
          const shown = (await installation.pods(program)).map((pod) =>
            installation.exec(pod, program, [`rolegate-${program}`, ...args]),
          );
          return (await Promise.all(shown)).join('\n'); // an agent is connected to one of the servers
        };
        for (const [shown, part] of [
          [await ask('agent', 'status'), `${OPEN}/app`],
          [await ask('agent', 'status', '--pod', `${CLOSED}/refused`), 'NamespaceDenied'],
          [await ask('server', 'status'), node.name],
        ] as const) {
          if (!shown.includes(part)) throw new Error(`there is no ${part} in\n${shown}`);
        }
      },
    },
  ];
}

async function expectOwnRole(ask: Asking): Promise<void> {
  const credentials = { status: '200', body: ROLE_NAME };
  await ask.expectBoth([OPEN, 'app'], { credentials, userData: '404' });
  const { status, body } = await ask.metadata(OPEN, 'app', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
  // Not the body: it holds a key.
  if (!body.includes('"AccessKeyId"')) throw new Error(`app's credentials are ${status}`);
}
