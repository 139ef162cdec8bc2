import type { Client } from '../client.ts';
import type { ClientStep, Phase } from '../phase.ts';
import type { ClientsWorld } from '../world.ts';
import { isTooLate } from './judge.ts';
import { judged } from './judged.ts';
import { restartPhases } from './restart.ts';
import { metadataSituations, triedWith } from './situations.ts';
import type { MetadataSituationName } from './situations.ts';
import { tryMetadata } from './trial.ts';
import type { MetadataTrial } from './trial.ts';

/** As many as cores: more would starve clients that wait for a second. */
const AT_ONCE = 2;
/** Less than the second that most SDKs wait, and more than the 900 ms of the situation. */
const LONGER_HOLD = '950ms';
const MOST_ATTEMPTS = 3;

type TriedAlone = Exclude<MetadataSituationName, 'restart'>;

/** The phases with the metadata API. */
export function metadataPhasesOf(clients: readonly Client[]): readonly Phase[] {
  const stepsOf = (...names: readonly TriedAlone[]) =>
    clients.flatMap((client) =>
      names.filter((name) => triedWith[name](client)).map((name) => stepOf(client, name)),
    );
  return [
    {
      begin: () => Promise.resolve(),
      steps: stepsOf('known', 'late300', 'late900', 'late3000', 'region', 'ipv6', '401', '403', '404', '503'),
      atOnce: AT_ONCE,
    },
    { begin: () => Promise.resolve(), steps: stepsOf('crowd'), atOnce: 1 },
    {
      begin: ({ endpoint }) => endpoint.restartAgent(['--hold', LONGER_HOLD]),
      steps: stepsOf('heldLonger'),
      atOnce: AT_ONCE,
    },
    {
      begin: ({ endpoint }) => endpoint.restartAgent(['--imdsv1', 'deny']),
      steps: stepsOf('imdsv2'),
      atOnce: AT_ONCE,
    },
    ...restartPhases(clients.filter(triedWith.restart)),
  ];
}

function stepOf(client: Client, name: TriedAlone): ClientStep {
  return {
    title: `${client.name} ${titleOf(client, name)}`,
    run: async (world) => judged(world, await tryInTime(world, client, name)),
  };
}

function titleOf({ metadataOnly }: Client, name: MetadataSituationName): string {
  const { title } = metadataSituations[name];
  return metadataOnly === true
    ? title.replace(/(the )?credentials( of the role of its Pod)?/, 'metadata')
    : title;
}

/** Tries again if the Pod became known too late for the situation. The last trial is judged in any case. */
async function tryInTime(world: ClientsWorld, client: Client, name: TriedAlone): Promise<MetadataTrial> {
  for (let attempt = 1; ; attempt++) {
    const trial = await tryMetadata(world, client, name);
    if (attempt === MOST_ATTEMPTS || !isTooLate(trial)) return trial;
  }
}
