import { strangersStep } from '../step.ts';
import type { StrangersStep } from '../step.ts';
import { floods } from '../calls.ts';
import { manyAddresses, STRANGERS_ADDRESS } from '../world/agent-nodes.ts';
import { asStolenNode, tlsAttack } from './attack.ts';

export const floodSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'Floods of HTTP/2 frames from many addresses delay no agent at the attestation port',
    run: (world) =>
      tlsAttack(
        world,
        [floods.slice(0, 4), floods.slice(4)].map((some) => ({
          sources: manyAddresses,
          connections: 2 * some.length,
          opensPerSecond: 100,
          behavior: { kind: 'flood', floods: some },
        })),
      ),
  }),
  strangersStep({
    title: 'Floods of HTTP/2 frames from a stolen node delay no agent at the feed port',
    run(world) {
      const plan = {
        ...asStolenNode(world),
        addresses: [STRANGERS_ADDRESS],
        opensPerSecond: 100,
      };
      return tlsAttack(
        world,
        [floods.slice(0, 4), floods.slice(4)].map((some) => ({
          ...plan,
          connections: some.length,
          behavior: { kind: 'flood', floods: some },
        })),
      );
    },
  }),
];
