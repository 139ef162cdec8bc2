import type { Row } from '@rolegate/testing';
import { problemOf, resultOf } from '../first-credentials.ts';
import type { RacePod } from './run-race.ts';
import { raceClients } from './race-clients.ts';
import { faultOf, storyOf } from './whose-fault.ts';

/** What was measured of the Pods of one client. */
export interface ClientFigures {
  readonly client: string;
  readonly pods: number;
  readonly onFirstTry: number;
  /** Clients that failed although they had been answered in time. */
  readonly gaveUp: number;
  /** Requests on the wire. */
  readonly requests: number;
  /** Seconds between the first and the last start of a container. */
  readonly startedWithin: number;
  /** From the start of the container's process to its first packet to the metadata API. Milliseconds. */
  readonly untilRequest: readonly number[];
  /** From that packet to the credentials in the application. Milliseconds. */
  readonly untilCredentials: readonly number[];
  /** How long packets of all Pods, served or not, waited on the node for their answers. Milliseconds. */
  readonly onNode: readonly number[];
  /** What the agent took for the request that got the credentials, by its own log. Milliseconds. */
  readonly inAgent: readonly number[];
}

export const FIGURE_COLUMNS = [
  'client',
  'Pods',
  'on the first try',
  'started within',
  'container start → first packet',
  '→ credentials',
  'of it on the node',
  'in the agent',
] as const;

/** In the order of the columns. */
export function cellsOf(figures: ClientFigures): Row {
  const { client, pods, onFirstTry, startedWithin, untilRequest, untilCredentials, onNode, inAgent } =
    figures;
  return [
    client,
    String(pods),
    figures.gaveUp === 0 ? String(onFirstTry) : `${onFirstTry}; ${figures.gaveUp} gave up although answered`,
    `${startedWithin.toFixed(0)} s`,
    spread(untilRequest),
    spread(untilCredentials),
    spread(onNode, 1),
    spread(inAgent, 1),
  ];
}

/** The same for a terminal. */
export function linesOf(figures: ClientFigures): string[] {
  const [client, pods, onFirstTry, ...cells] = cellsOf(figures);
  const names = FIGURE_COLUMNS.slice(3);
  return [
    `${client ?? ''}, ${pods ?? ''} Pods, ${figures.requests} requests; on the first try: ${onFirstTry ?? ''} (median, p95, max)`,
    ...cells.map((cell, index) => `  ${(names[index] ?? '').padEnd(32)} ${cell}`),
  ];
}

/** One for each client. */
export function figuresOf(pods: readonly RacePod[]): ClientFigures[] {
  const names = [...new Set(pods.map(({ client }) => client))].sort();
  return names.map((name) => figuresOfClient(pods.filter(({ client }) => client === name)));
}

function figuresOfClient(pods: readonly RacePod[]): ClientFigures {
  const results = pods.flatMap((pod) => resultOf(pod) ?? []);
  const starts = results.map(({ start }) => start);
  const served = pods.flatMap((pod) => {
    const [result, first] = [resultOf(pod), firstPacket(pod)];
    const isServed = result !== undefined && first !== undefined && problemOf(pod) === undefined;
    return isServed ? [{ pod, result, first }] : [];
  });
  return {
    client: results[0]?.client ?? pods[0]?.client ?? '',
    pods: pods.length,
    onFirstTry: pods.filter((pod) => problemOf(pod) === undefined).length,
    gaveUp: pods.filter(gaveUp).length,
    requests: pods.flatMap(({ connections }) => connections.flatMap(({ exchanges }) => exchanges)).length,
    startedWithin: Math.max(...starts) - Math.min(...starts),
    untilRequest: served.map(({ result, first }) => 1000 * (first - result.start)),
    untilCredentials: served.map(({ result, first }) => 1000 * (result.answered - first)),
    onNode: pods.filter(({ connections }) => connections.length > 0).map(onNodeMs),
    inAgent: pods.flatMap(({ agentMs }) => agentMs ?? []),
  };
}

function firstPacket({ connections }: RacePod): number | undefined {
  return connections.length === 0 ? undefined : Math.min(...connections.map(({ opened }) => opened));
}

/** How long the Pod's packets waited on the node for their answers: what the kernel, the agent and the CPU's scheduling took. */
function onNodeMs({ connections }: RacePod): number {
  const seconds = connections.flatMap(({ opened, accepted = opened, exchanges }) => [
    accepted - opened,
    ...exchanges.map(({ sent, answered = sent }) => answered - sent),
  ]);
  return 1000 * seconds.reduce((sum, one) => sum + one, 0);
}

/** The Pod failed, although each of its requests was answered as its SDK needs it, and in time: it had no CPU time to read the answer. */
export function gaveUp(pod: RacePod): boolean {
  const { connections, client } = pod;
  if (resultOf(pod)?.error === undefined || connections.length === 0) return false;
  return faultOf(connections, raceClients[client].waitsMs) !== 'ours';
}

/** What a reader needs to know of a Pod that failed. Undefined: it did not. */
export function failureOf(pod: RacePod): string | undefined {
  const problem = problemOf(pod);
  if (problem === undefined) return undefined;
  const { connections, client, refusals } = pod;
  const start = resultOf(pod)?.start ?? firstPacket(pod) ?? 0;
  const lines = [...storyOf(connections, start), ...refusals].map((line) => `    ${line}`);
  return [`${problem} (${client}; ${faultOf(connections, raceClients[client].waitsMs)})`, ...lines].join(
    '\n',
  );
}

/** Median, 95th percentile and maximum of milliseconds. */
function spread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return '–';
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? NaN).toFixed(digits);
  return `${at(0.5)}, ${at(0.95)}, ${at(1)} ms`;
}
