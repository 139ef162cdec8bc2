import { strangersStep } from '../step.ts';
import type { StrangersStep } from '../step.ts';
import { manyAddresses, SHARED_ADDRESS } from '../world/agent-nodes.ts';
import { asStolenNode, tlsAttack } from './attack.ts';

export const stolenNodeSteps: readonly StrangersStep[] = [
  strangersStep({
    title: '200 streams and 1,000 connections from a stolen node end no stream of other nodes',
    run(world) {
      const plan = asStolenNode(world);
      return tlsAttack(world, [
        { ...plan, connections: 1_000, sources: manyAddresses, behavior: { kind: 'preface' } },
        { ...plan, connections: 4, behavior: { kind: 'streams', count: 50 } },
      ]);
    },
  }),
  strangersStep({
    title:
      'Connections of a stolen node from an address that some agents share end no stream of these agents',
    run(world) {
      const plan = { ...asStolenNode(world), addresses: [SHARED_ADDRESS] };
      return tlsAttack(world, [
        { ...plan, connections: 500, behavior: { kind: 'nothing' } },
        { ...plan, connections: 20, behavior: { kind: 'streams', count: 50 } },
      ]);
    },
  }),
];
