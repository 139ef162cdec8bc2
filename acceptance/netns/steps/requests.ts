import { families, sendFrom } from '../asking.ts';
import { besidePort80, oddRequests, spelledRequests } from '../requests.ts';
import { httpRequest } from '../pod-orders.ts';
import type { Sent } from '../pod-orders.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { cutShort, expectNone, faultsOfEach, sentinelFaults } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { METADATA, NODE, OTHER_NODE, PORTS } from '../../network/addresses.ts';

/** An agent allows a Pod 32 connections and 16 that are held. */
const AT_ONCE = 12;
/** Longer than any request is held. Milliseconds. */
const SILENCE_MS = 1_500;
/** Nobody may read it, and whoever asks is told. */
const targets = ['/latest/meta-data/iam/security-credentials/', '/latest/api/token', '/'];

/** To the agent's own port, past the metadata addresses. */
export const directly: readonly Sent[] = families.flatMap((family) =>
  targets.map((target) => ({
    name: `${target} of the agent's port by ${family}`,
    host: NODE[family],
    port: PORTS.agent,
    bytes: httpRequest({ target, host: '169.254.169.254' }),
  })),
);

function lockdown(what: string, kind: 'tcp' | 'udp', sent: readonly Sent[]): NetnsStep {
  return {
    title: `no Pod reads anything of the node's by ${what}`,
    async run(world) {
      let answered = 0;
      const faults = await faultsOfEach(world, async ({ enter }) => {
        const came = await sendFrom(enter, { kind, sent, atOnce: AT_ONCE, silenceMs: SILENCE_MS });
        answered += came.filter(({ text }) => text !== '').length;
        return sentinelFaults(came);
      });
      expectNone(faults);
      return `${sent.length} each, ${answered} of ${sent.length * world.pods.length} answered by the agent`;
    },
  };
}

/** The kernel limits how often it says so: of many at once some are told that they are refused, and the others nothing. */
function otherPorts(kind: 'tcp' | 'udp'): NetnsStep {
  const sent = besidePort80[kind];
  return {
    title: `no Pod is answered on other ports of the metadata addresses by ${kind}`,
    async run(world) {
      let refused = 0;
      const faults = await faultsOfEach(world, async ({ enter }) => {
        const came = await sendFrom(enter, { kind, sent, atOnce: sent.length, silenceMs: SILENCE_MS });
        refused += came.filter(({ end }) => !['silent', 'closed'].includes(end)).length;
        return came
          .filter(({ text, end }) => text !== '' || end === 'closed')
          .map(({ name, text, end }) => `${name}: ${end} ${JSON.stringify(cutShort(text))}`);
      });
      expectNone(faults);
      return `${refused} of ${sent.length * world.pods.length} refused at once`;
    },
  };
}

/** What somebody gets who is to be given nothing at all. */
async function answersTo(enter: readonly string[], sent: readonly Sent[]): Promise<string[]> {
  const came = await sendFrom(enter, { kind: 'tcp', sent, atOnce: sent.length, silenceMs: SILENCE_MS });
  return came
    .filter(({ text, end }) => text !== '' || end !== 'silent')
    .map(({ name, text, end }) => `${name}: ${end} ${JSON.stringify(cutShort(text))}`);
}

export const requestSteps = inMode('up', [
  lockdown(`${spelledRequests.length} spellings of paths`, 'tcp', spelledRequests),
  lockdown('odd methods, headers and forms of requests', 'tcp', oddRequests),
  otherPorts('tcp'),
  otherPorts('udp'),
  {
    title: "no Pod is answered on the agent's own port",
    async run(world) {
      expectNone(await faultsOfEach(world, ({ enter }) => answersTo(enter, directly)));
    },
  },
  {
    title: "another node is not answered on the agent's own port",
    async run({ namespaces }) {
      expectNone(await answersTo(namespaces.enter('other-node'), directly));
    },
  },
  {
    title: 'another node that sends its metadata requests through this one gets nothing',
    run: askThroughNode,
  },
]);

/** It is led to the agent as a Pod is; its address is nobody's. */
async function askThroughNode({ namespaces }: NetnsWorld): Promise<string> {
  const routes = families.map((family) => `route replace ${METADATA[family]} via ${NODE[family]}`);
  await namespaces.ip('other-node', routes);
  const enter = namespaces.enter('other-node');
  const sent = families.map((family) => ({
    name: `as ${OTHER_NODE[family]}`,
    port: 80,
    host: METADATA[family],
    bytes: httpRequest({ target: targets[0] ?? '', host: '169.254.169.254' }),
  }));
  const came = await sendFrom(enter, { kind: 'tcp', sent, atOnce: 1, silenceMs: SILENCE_MS });
  expectNone([
    ...sentinelFaults(came),
    ...came
      .filter(({ text }) => text.startsWith('HTTP/1.1 2'))
      .map(({ name, text }) => `${name}: ${cutShort(text)}`),
  ]);
  return came.map(({ end, text }) => text.split('\r\n')[0] ?? end).join(', ');
}
