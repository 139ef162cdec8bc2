import { eventually } from '@rolegate/testing';
import { CREDENTIALS_PATH } from '../curl-from-pod.ts';
import type { PodCurl } from '../curl-from-pod.ts';
import { logLine } from '../log-lines.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { DENIED_NAMESPACE, PERMITTED_NAMESPACE, ROLE_NAME } from '../test-pods.ts';

/** Events are written with a delay. */
const SOON = { withinMs: 15_000, everyMs: 500 };

/** Answers to Pods, and their Events, log lines and status. */
export function answers({ kubectl, installation, curl, node, say }: NodeWorld): NodeStep[] {
  const eventsIn = async (namespace: string) =>
    (await kubectl.call(['-n', namespace, 'get', 'events', '-o', 'jsonpath={.items[*].reason}'])).split(' ');
  return [
    {
      title: 'Both metadata calls of a Pod without a role get 404',
      run: () =>
        curl.expectBoth([PERMITTED_NAMESPACE, 'plain'], { credentials: { status: '404' }, userData: '404' }),
    },
    {
      title: 'A Pod with a role gets the name of its role and its credentials, and 404 for the user data',
      run: () => eventually(() => expectOwnRole(curl), SOON),
    },
    {
      title: 'A Pod whose Namespace permits nothing is refused, and an Event on the Pod says why',
      async run() {
        const { status } = await curl.metadata(
          DENIED_NAMESPACE,
          'refused',
          `${CREDENTIALS_PATH}/${ROLE_NAME}`,
        );
        if (status !== '403') throw new Error(`refused got ${status}`);
        await eventually(async () => {
          const events = await eventsIn(DENIED_NAMESPACE);
          if (!events.includes('NamespaceDenied')) throw new Error(`Events: ${events.join(' ')}`);
        }, SOON);
      },
    },
    {
      title: "Requests to another port and to the agent's own port get no answer",
      async run() {
        for (const url of ['http://169.254.169.254:81/', `http://${node.ip}:8181/latest/meta-data/`]) {
          const { status, body } = await curl.get(PERMITTED_NAMESPACE, 'app', url);
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
        const statusOf = async (program: 'agent' | 'server', ...args: string[]) => {
          const outputs = (await installation.pods(program)).map((pod) =>
            installation.exec(pod, program, [`rolegate-${program}`, 'status', ...args]),
          );
          return (await Promise.all(outputs)).join('\n'); // the agent is connected to only one of the servers
        };
        for (const [status, part] of [
          [await statusOf('agent'), `${PERMITTED_NAMESPACE}/app`],
          [await statusOf('agent', '--pod', `${DENIED_NAMESPACE}/refused`), 'NamespaceDenied'],
          [await statusOf('server'), node.name],
        ] as const) {
          if (!status.includes(part)) throw new Error(`there is no ${part} in\n${status}`);
        }
      },
    },
  ];
}

async function expectOwnRole(curl: PodCurl): Promise<void> {
  const credentials = { status: '200', body: ROLE_NAME };
  await curl.expectBoth([PERMITTED_NAMESPACE, 'app'], { credentials, userData: '404' });
  await expectCredentials(curl);
}

/** Throws if the Pod `app` gets no credentials. */
export async function expectCredentials(curl: PodCurl): Promise<void> {
  const { status, body } = await curl.metadata(
    PERMITTED_NAMESPACE,
    'app',
    `${CREDENTIALS_PATH}/${ROLE_NAME}`,
  );
  // The error does not show the body, because it contains a key.
  if (!body.includes('"AccessKeyId"')) throw new Error(`app got ${status} instead of credentials`);
}
