import { REGION } from '@rolegate/sandbox';
import { S3_URL, STS_URL } from '../../network/addresses.ts';
import type { Client } from '../client.ts';
import { runClient } from '../run-client.ts';
import type { Seen } from '../run-client.ts';
import type { ClientsWorld } from '../world.ts';
import type { MetadataPod } from './pods.ts';
import type { SeenPacket } from './requests.ts';
import { metadataSituations } from './situations.ts';
import type { MetadataSituation, MetadataSituationName } from './situations.ts';

/** What a client did in a Pod that asks the metadata API. */
export interface MetadataTrial {
  readonly client: Client;
  readonly situation: MetadataSituationName;
  readonly seen: readonly Seen[];
  /** Requests to the metadata API and the beginnings of its answers, in order. */
  readonly packets: readonly SeenPacket[];
  /** When the Pod became known to the agent. Milliseconds since the epoch; undefined: not before the client ended. */
  readonly knownMs: number | undefined;
  /** When the agent was restarted, if it was. Milliseconds since the epoch. */
  readonly restart?: { readonly beganMs: number; readonly endedMs: number } | undefined;
}

/** Runs the client in a Pod of its own. */
export async function tryMetadata(
  world: ClientsWorld,
  client: Client,
  name: Exclude<MetadataSituationName, 'restart'>,
): Promise<MetadataTrial> {
  const situation: MetadataSituation = metadataSituations[name];
  await using pod = await world.metadataPods.open(situation);
  const words = situation.word === undefined ? [] : [situation.word];
  const seen = await runMetadataClient(world, { client, pod, words, situation });
  return { client, situation: name, seen, packets: await pod.packets(), knownMs: pod.knownMs() };
}

export interface MetadataRun {
  readonly client: Client;
  readonly pod: Pick<MetadataPod, 'enter'>;
  readonly words: readonly string[];
  readonly situation: MetadataSituation;
  /** Variables besides the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onOutput?: () => void;
}

/** Runs the client in the Pod. The region is set unless it is what the client is asked for. */
export function runMetadataClient(
  world: ClientsWorld,
  { client, pod, words, situation, env = {}, onOutput }: MetadataRun,
) {
  const folder = world.installed.get(client) ?? '';
  return runClient({
    command: [...world.clientsGroup, ...pod.enter, ...client.program(folder), ...words],
    ...(onOutput && { onOutput }),
    env: {
      ...env,
      ...(situation.word === 'region' ? {} : { AWS_REGION: REGION, AWS_DEFAULT_REGION: REGION }),
      ...(situation.ipv6Only === true ? client.ipv6 : {}),
      AWS_ENDPOINT_URL_STS: STS_URL,
      AWS_ENDPOINT_URL_S3: S3_URL.replace('http://', ''),
    },
  });
}
