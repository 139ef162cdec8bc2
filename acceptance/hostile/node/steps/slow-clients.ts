import { attackStep } from '../step.ts';
import type { AttackPlan, NodeStep } from '../step.ts';
import { attackWith, metadataApi } from './attackers.ts';
import { chunkedPut, listRoles, manyHeaders, unfinishedHead } from './requests.ts';

const byteByByte: Omit<AttackPlan, 'connections'> = {
  targets: metadataApi,
  writing: { then: { text: listRoles, when: { byteEveryMs: 100 } } },
  reading: 'all',
};

const plan = (writing: AttackPlan['writing'], connections = 256): AttackPlan => ({
  targets: metadataApi,
  connections,
  writing,
  reading: 'all',
});

export const slowClientSteps: readonly NodeStep[] = [
  attackStep({
    title: 'A Pod that sends request heads byte by byte on 256 connections affects no other Pod',
    run: (world) => attackWith(world, [{ from: 'attacker', plan: { ...byteByByte, connections: 256 } }]),
  }),
  attackStep({
    title:
      'Sixteen Pods of one Namespace that send request heads byte by byte on 1,024 connections affect no other Pod',
    run: (world) => {
      const sources = world.pods.sixteen.map(({ pod }) => pod.addresses.ipv4);
      return attackWith(world, [{ from: 'sixteen', plan: { ...byteByByte, connections: 1_024, sources } }]);
    },
  }),
  attackStep({
    title: "A Pod with 256 unfinished request heads of 16 KiB does not exhaust the agent's memory",
    run: (world) => attackWith(world, [{ from: 'attacker', plan: plan({ first: unfinishedHead(16_000) }) }]),
  }),
  attackStep({
    title: 'A Pod that sends endless headers affects no other Pod',
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: plan({ first: manyHeaders.start, then: { text: manyHeaders.header, when: 'taken' } }),
        },
      ]),
  }),
  attackStep({
    title: 'A Pod that sends endless chunked bodies, fast and slow, affects no other Pod',
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: plan({ first: chunkedPut.start, then: { text: chunkedPut.chunk, when: 'taken' } }, 128),
        },
        {
          from: 'attacker',
          plan: plan(
            { first: chunkedPut.start, then: { text: chunkedPut.smallChunk, when: { everyMs: 100 } } },
            128,
          ),
        },
      ]),
  }),
];
