import type { Client } from '../client.ts';
import type { ClientStep, Phase } from '../phase.ts';
import { judged } from './judged.ts';
import { restartPhases } from './restart.ts';
import { metadataSituations, refusals } from './situations.ts';
import type { MetadataSituationName } from './situations.ts';
import { tryMetadata } from './trial.ts';

/** As many as cores: more would starve clients that wait for a second. */
const AT_ONCE = 2;
/** Less than the second that most SDKs wait, and more than the 900 ms of the situation. */
const LONGER_HOLD = '950ms';

/** The phases with the metadata API. */
export function metadataPhasesOf(clients: readonly Client[]): readonly Phase[] {
  const withCredentials = clients.filter(({ metadataOnly }) => metadataOnly !== true);
  return [
    {
      begin: () => Promise.resolve(),
      steps: [
        ...stepsOf(clients, 'known', 'late300', 'late900', 'late3000'),
        ...stepsOf(
          clients.filter(({ asksRegion }) => asksRegion === true),
          'region',
        ),
        ...stepsOf(
          clients.filter(({ ipv6 }) => ipv6 !== undefined),
          'ipv6',
        ),
        ...stepsOf(
          clients.filter(({ imdsv1 }) => imdsv1 !== true),
          '401',
        ),
        ...stepsOf(withCredentials, ...refusals.filter((name) => name !== '401')),
      ],
      atOnce: AT_ONCE,
    },
    {
      begin: () => Promise.resolve(),
      steps: stepsOf(
        clients.filter(({ crowd }) => crowd === true),
        'crowd',
      ),
      atOnce: 1,
    },
    {
      begin: ({ endpoint }) => endpoint.restartAgent(['--hold', LONGER_HOLD]),
      steps: stepsOf(
        clients.filter(({ asksAgain, hurried }) => asksAgain !== true && hurried !== true),
        'heldLonger',
      ),
      atOnce: AT_ONCE,
    },
    {
      begin: ({ endpoint }) => endpoint.restartAgent(['--imdsv1', 'deny']),
      steps: stepsOf(clients, 'imdsv2'),
      atOnce: AT_ONCE,
    },
    ...restartPhases(withCredentials.filter(({ misreads }) => misreads === undefined)),
  ];
}

function stepsOf(
  clients: readonly Client[],
  ...names: readonly Exclude<MetadataSituationName, 'restart'>[]
): ClientStep[] {
  return clients.flatMap((client) =>
    names.map((name) => ({
      title: `${client.name} ${metadataSituations[name].title}`,
      run: async (world) => judged(world, await tryMetadata(world, client, name)),
    })),
  );
}
