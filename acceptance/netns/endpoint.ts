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

const LISTENER = 'the endpoint';
/** Milliseconds. */
const SILENCE_MS = 1_000;
const SOON = { withinMs: 15_000, everyMs: 100 };

/** A request without a token, by each family. */
export const endpointRequests: readonly PodRequest[] = families.map((family) => ({
  name: `the endpoint by ${family}`,
  host: ENDPOINT[family],
  port: ENDPOINT_PORT,
  bytes: httpRequest({ target: containerCredentials.path, host: inUrl(ENDPOINT[family]) }),
}));

/** A listener of the node on all addresses, which stands in for the agent's endpoint. */
export async function withListener(
  world: NetnsWorld,
  run: (world: NetnsWorld) => Promise<string | undefined>,
  port: number = ENDPOINT_PORT,
): Promise<string | undefined> {
  const script = new URL('./foreign-listener.ts', import.meta.url);
  const { stop } = await startScript(world.node, script, ['::', String(port), LISTENER]);
  try {
    return await run(world);
  } finally {
    await stop();
  }
}

export function askEndpoint(
  through: readonly string[],
  requests: readonly PodRequest[] = endpointRequests,
): Promise<Answer[]> {
  return sendFrom(through, { kind: 'tcp', requests, atOnce: requests.length, silenceMs: SILENCE_MS });
}

/** The requests that the listener did not answer. */
export async function unanswered(
  through: readonly string[],
  requests?: readonly PodRequest[],
): Promise<string[]> {
  const answers = await askEndpoint(through, requests);
  return answers
    .filter(({ text }) => !text.endsWith(LISTENER))
    .map(({ name, text, end }) => `${name}: ${end} ${shorten(text)}`);
}

/** Throws if anything answers. Returns how the requests ended. */
export async function expectNoAnswer(who: string, through: readonly string[]): Promise<string[]> {
  const answers = await askEndpoint(through);
  expectNoProblems(
    answers.filter(({ text }) => text !== '').map(({ name, text }) => `${who}, ${name}: ${shorten(text)}`),
  );
  return answers.map(({ end }) => end);
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
