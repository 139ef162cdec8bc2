import { REGION } from '@rolegate/sandbox';
import { S3_URL, STS_URL } from '../../network/addresses.ts';
import type { Client } from '../client.ts';
import type { AnswerCounts } from '../endpoint.ts';
import type { ClientPod, PodKind } from './pods.ts';
import { runClient } from '../run-client.ts';
import type { Seen } from '../run-client.ts';
import type { SituationName } from './situations.ts';
import type { ClientsWorld } from '../world.ts';

/** What a client did in a Pod. */
export interface Trial {
  readonly client: Client;
  readonly kind: PodKind;
  readonly situation: SituationName;
  readonly seen: readonly Seen[];
  /** Answers of the endpoint, and of the metadata API. Undefined if other clients ran at the same time. */
  readonly answers: AnswerCounts | undefined;
  /** How often the client sent its token to the proxy. */
  readonly tokensToProxy?: number;
}

export interface TrialOptions extends Pick<Trial, 'client' | 'kind' | 'situation'> {
  /** Asks again so much later. Seconds. */
  readonly againAfter?: number;
}

/** Runs the client in the Pod for the situation, alone, and counts its requests. */
export async function tryAlone(world: ClientsWorld, options: TrialOptions): Promise<Trial> {
  const { result, answers } = await world.endpoint.counting(() => tryClient(world, options));
  return { ...result, answers };
}

/** Runs the client in the Pod for the situation. */
export async function tryClient(
  world: ClientsWorld,
  { client, kind, situation, againAfter }: TrialOptions,
): Promise<Trial> {
  const pod = await world.pods.find(kind, situation);
  const folder = world.installed.get(client) ?? '';
  const words = againAfter === undefined ? [] : [String(againAfter)];
  const seen = await runClient({
    command: [...pod.enter, ...client.program(folder), ...words],
    env: environmentIn(pod),
  });
  return { client, kind, situation, seen, answers: undefined };
}

/** Runs the client in the Pod for the situation, alone, and counts the tokens that it sends to the proxy. */
export async function tryWithProxy(world: ClientsWorld, options: TrialOptions): Promise<Trial> {
  const before = await world.tokensAtProxy();
  const trial = await tryAlone(world, options);
  return { ...trial, tokensToProxy: (await world.tokensAtProxy()) - before };
}

/** The Pod's variables, the region, and where AWS is here. Nothing else is set. */
function environmentIn({ variables }: ClientPod): Readonly<Record<string, string>> {
  return {
    ...variables,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL_STS: STS_URL,
    AWS_ENDPOINT_URL_S3: S3_URL.replace('http://', ''),
  };
}
