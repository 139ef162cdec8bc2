import { containerCredentials } from '@rolegate/protocol';
import { eventually, outputOf, runCommand } from '@rolegate/testing';
import { startScript } from '../processes/start-script.ts';
import { families, sendFrom } from './send-from-pod.ts';
import { httpRequest } from './pod-tasks.ts';
import type { Answer, PodRequest } from './pod-tasks.ts';
import { expectNoProblems, shorten } from './checks.ts';
import type { NetnsWorld } from './world.ts';
import { inUrl } from '../network/addresses.ts';

/** The addresses and the port of the endpoint for container credentials. */
export const { addresses: ENDPOINT, port: ENDPOINT_PORT } = containerCredentials;
export const LINK = 'rolegate0';

const OTHER_LISTENER = 'another agent';
/** Longer than the agent holds a request. Milliseconds. */
const SILENCE_MS = 1_200;
const SOON = { withinMs: 15_000, everyMs: 100 };

/** Requests by each family, by default without a token. */
export function endpointRequests({
  token,
  port = ENDPOINT_PORT,
}: {
  readonly token?: string;
  readonly port?: number;
} = {}): readonly PodRequest[] {
  const headers = token === undefined ? '' : `Authorization: ${token}\r\n`;
  return families.map((family) => ({
    name: `port ${port} by ${family}`,
    host: ENDPOINT[family],
    port,
    bytes: httpRequest({ target: containerCredentials.path, host: inUrl(ENDPOINT[family]), headers }),
  }));
}

/** A listener of the node on another port of all addresses. */
export async function withOtherListener(
  world: NetnsWorld,
  port: number,
  run: (world: NetnsWorld) => Promise<void>,
): Promise<void> {
  const script = new URL('./foreign-listener.ts', import.meta.url);
  const { stop } = await startScript(world.node, script, ['::', String(port), OTHER_LISTENER]);
  try {
    await run(world);
  } finally {
    await stop();
  }
}

export function askEndpoint(
  through: readonly string[],
  requests: readonly PodRequest[] = endpointRequests(),
  silenceMs = SILENCE_MS,
): Promise<Answer[]> {
  return sendFrom(through, { kind: 'tcp', requests, atOnce: requests.length, silenceMs });
}

/** The requests that got no answer: from the agent that it lacks a token, or from the other listener. */
export async function unanswered(
  through: readonly string[],
  requests?: readonly PodRequest[],
): Promise<string[]> {
  const answers = await askEndpoint(through, requests);
  return answers
    .filter(({ text }) => !text.startsWith('HTTP/1.1 400 ') && !text.endsWith(OTHER_LISTENER))
    .map(({ name, text, end }) => `${name}: ${end} ${shorten(text)}`);
}

/** Throws if anything answers. */
export async function expectNoAnswer(who: string, through: readonly string[]): Promise<void> {
  const answers = await askEndpoint(through);
  expectNoProblems(
    answers.filter(({ text }) => text !== '').map(({ name, text }) => `${who}, ${name}: ${shorten(text)}`),
  );
}

/** Waits until all requests are answered. */
export async function untilAnswered(through: readonly string[]): Promise<void> {
  await eventually(async () => {
    expectNoProblems(await unanswered(through));
  }, SOON);
}

/** Waits until nothing answers. */
export async function untilClosed(who: string, through: readonly string[]): Promise<void> {
  await eventually(() => expectNoAnswer(who, through), SOON);
}

/** What the node has for the endpoint: links, ip rules and chains. */
export async function endpointParts({
  node,
  backend,
}: Pick<NetnsWorld, 'node' | 'backend'>): Promise<string[]> {
  const { stdout: link } = await runCommand([...node, 'ip', '-brief', 'link', 'show', 'dev', LINK]);
  const rules = await Promise.all(['-4', '-6'].map((flag) => outputOf([...node, 'ip', flag, 'rule'])));
  const tables = await Promise.all(
    ['iptables', 'ip6tables'].map((name) => outputOf([...node, `${name}-${backend}-save`])),
  );
  const lines = [link, ...rules, ...tables].flatMap((text) => text.split('\n'));
  return lines.filter((line) =>
    [LINK, `to ${ENDPOINT.ipv4} `, `to ${ENDPOINT.ipv6} `, 'CREDENTIALS'].some((word) => line.includes(word)),
  );
}
