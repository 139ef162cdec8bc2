import { rolegateService } from '@rolegate/protocol';
import { strangersStep } from '../step.ts';
import type { StrangersStep } from '../step.ts';
import { STRANGERS_ADDRESS } from '../world/agent-nodes.ts';
import { tlsAttack } from './attack.ts';

const MIB = 2 ** 20;
/** Connections are closed after 64 KiB; an address gets ten new ones a second plus a burst. */
const MOST_TAKEN_BYTES = 16 * MIB;

function unfinished(method: string) {
  return { kind: 'unfinished', method, streams: 250, bytes: MIB } as const;
}

export const messageSteps: readonly StrangersStep[] = [
  strangersStep({
    title:
      'Three connections with 250 unfinished messages of 1 MiB each do not exhaust memory at the attestation port',
    run: (world) =>
      tlsAttack(world, [
        {
          addresses: [STRANGERS_ADDRESS],
          connections: 3,
          most: { sentBytes: MOST_TAKEN_BYTES },
          behavior: unfinished(rolegateService.Attest.path),
        },
      ]),
  }),
  strangersStep({
    title:
      'Unfinished messages on three connections with the certificate of a stolen node do not exhaust memory at the feed port',
    run(world) {
      const { identity } = world.stolen;
      const plan = { port: world.agents.ports().feed, identity, connections: 3 };
      const { Attest, Feed } = rolegateService;
      return tlsAttack(
        world,
        [Feed.path, Attest.path].map((path) => ({ ...plan, behavior: unfinished(path) })),
      );
    },
  }),
];
