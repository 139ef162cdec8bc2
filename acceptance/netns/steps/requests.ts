import { families, sendFrom } from '../send-from-pod.ts';
import { otherPorts, oddRequests, spelledRequests } from '../requests.ts';
import { httpRequest } from '../pod-tasks.ts';
import type { PodRequest } from '../pod-tasks.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { shorten, expectNoProblems, checkEachPod, sentinelProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { METADATA, NODE, OTHER_NODE, PORTS } from '../../network/addresses.ts';

/** The agent allows a Pod 32 connections and 16 held requests. */
const AT_ONCE = 12;
/** Longer than any request is held. Milliseconds. */
const SILENCE_MS = 1_500;
/** Paths that always get an answer. */
const targets = ['/latest/meta-data/iam/security-credentials/', '/latest/api/token', '/'];

/** Requests to the agent's own port, bypassing the metadata addresses. */
export const directly: readonly PodRequest[] = families.flatMap((family) =>
  targets.map((target) => ({
    name: `${target} at the agent's port by ${family}`,
    host: NODE[family],
    port: PORTS.agent,
    bytes: httpRequest({ target, host: '169.254.169.254' }),
  })),
);

function lockdown(what: string, kind: 'tcp' | 'udp', requests: readonly PodRequest[]): NetnsStep {
  return {
    title: `No Pod reads the node's metadata with ${what}`,
    async run(world) {
      let answered = 0;
      const problems = await checkEachPod(world, async ({ enter }) => {
        const answers = await sendFrom(enter, { kind, requests, atOnce: AT_ONCE, silenceMs: SILENCE_MS });
        answered += answers.filter(({ text }) => text !== '').length;
        return sentinelProblems(answers);
      });
      expectNoProblems(problems);
      return `${requests.length} each, ${answered} of ${requests.length * world.pods.length} answered by the agent`;
    },
  };
}

/** The kernel limits ICMP errors: of many simultaneous requests, some are refused and others time out. */
function otherPortsStep(kind: 'tcp' | 'udp'): NetnsStep {
  const requests = otherPorts[kind];
  return {
    title: `No Pod is answered on other ports of the metadata addresses by ${kind}`,
    async run(world) {
      let refused = 0;
      const problems = await checkEachPod(world, async ({ enter }) => {
        const answers = await sendFrom(enter, {
          kind,
          requests,
          atOnce: requests.length,
          silenceMs: SILENCE_MS,
        });
        refused += answers.filter(({ end }) => !['silent', 'closed'].includes(end)).length;
        return answers
          .filter(({ text, end }) => text !== '' || end === 'closed')
          .map(({ name, text, end }) => `${name}: ${end} ${JSON.stringify(shorten(text))}`);
      });
      expectNoProblems(problems);
      return `${refused} of ${requests.length * world.pods.length} refused immediately`;
    },
  };
}

/** Problems if a client that must get no answer at all gets one. */
async function answersTo(enter: readonly string[], requests: readonly PodRequest[]): Promise<string[]> {
  const answers = await sendFrom(enter, {
    kind: 'tcp',
    requests,
    atOnce: requests.length,
    silenceMs: SILENCE_MS,
  });
  return answers
    .filter(({ text, end }) => text !== '' || end !== 'silent')
    .map(({ name, text, end }) => `${name}: ${end} ${JSON.stringify(shorten(text))}`);
}

export const requestSteps = inMode('up', [
  lockdown(`${spelledRequests.length} spellings of paths`, 'tcp', spelledRequests),
  lockdown('odd methods, headers and forms of requests', 'tcp', oddRequests),
  otherPortsStep('tcp'),
  otherPortsStep('udp'),
  {
    title: "No Pod is answered on the agent's own port",
    async run(world) {
      expectNoProblems(await checkEachPod(world, ({ enter }) => answersTo(enter, directly)));
    },
  },
  {
    title: "Another node is not answered on the agent's own port",
    async run({ namespaces }) {
      expectNoProblems(await answersTo(namespaces.enter('other-node'), directly));
    },
  },
  {
    title: 'Another node that routes its metadata requests through this node gets nothing',
    run: askThroughNode,
  },
]);

/** The request is redirected to the agent; its source address is unknown. */
async function askThroughNode({ namespaces }: NetnsWorld): Promise<string> {
  const routes = families.map((family) => `route replace ${METADATA[family]} via ${NODE[family]}`);
  await namespaces.ip('other-node', routes);
  const enter = namespaces.enter('other-node');
  const requests = families.map((family) => ({
    name: `as ${OTHER_NODE[family]}`,
    port: 80,
    host: METADATA[family],
    bytes: httpRequest({ target: targets[0] ?? '', host: '169.254.169.254' }),
  }));
  const answers = await sendFrom(enter, { kind: 'tcp', requests, atOnce: 1, silenceMs: SILENCE_MS });
  expectNoProblems([
    ...sentinelProblems(answers),
    ...answers
      .filter(({ text }) => text.startsWith('HTTP/1.1 2'))
      .map(({ name, text }) => `${name}: ${shorten(text)}`),
  ]);
  return answers.map(({ end, text }) => text.split('\r\n')[0] ?? end).join(', ');
}
