import { METADATA, NODE, PORTS } from '../../../network/addresses.ts';
import { unusedAddresses } from '../pods.ts';
import { attackStep } from '../step.ts';
import type { AttackPlan, NodeStep } from '../step.ts';
import { attackWith, metadataApi, metadataApiBoth, synFlood } from './attackers.ts';
import { listRoles } from './requests.ts';

/** As many as one Pod can open. */
const FLOOD_PER_SECOND = 20_000;
const SYNS_PER_SECOND = 4_000;

const resets = (writing: AttackPlan['writing']): AttackPlan => ({
  targets: metadataApi,
  connections: 64,
  opensPerSecond: FLOOD_PER_SECOND,
  writing,
  reading: 'never',
  reset: true,
});

export const connectionSteps: readonly NodeStep[] = [
  attackStep({
    title:
      'A Pod that opens and resets connections as fast as it can does not keep other Pods from connecting',
    run: (world) =>
      attackWith(world, [
        { from: 'attacker', plan: resets({}) },
        { from: 'attacker', plan: resets({ first: listRoles }) },
      ]),
  }),
  attackStep({
    title: 'A Pod with 512 silent connections does not keep other Pods from connecting',
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: {
            targets: metadataApiBoth,
            connections: 512,
            opensPerSecond: FLOOD_PER_SECOND,
            writing: {},
            reading: 'never',
          },
        },
      ]),
  }),
  attackStep({
    title: 'A SYN flood of the metadata API and the metrics port does not keep other Pods from connecting',
    async run(world) {
      const sent = await Promise.all([
        synFlood(world, {
          from: 'attacker',
          sources: unusedAddresses.bridge,
          target: { host: METADATA.ipv4, port: 80 },
          perSecond: SYNS_PER_SECOND,
        }),
        synFlood(world, {
          from: 'other-node',
          sources: unusedAddresses.nodes,
          target: { host: NODE.ipv4, port: PORTS.agentOps },
          perSecond: SYNS_PER_SECOND,
        }),
      ]);
      return { summary: `${sent.join(' and ')} SYN packets` };
    },
  }),
  attackStep({
    title: 'A Pod that sends requests from 240 unowned addresses takes no connections from other Pods',
    run: (world) => {
      const { ipv4, ipv6 } = world.pods.attacker.spare;
      const asking = (host: string, sources: readonly string[]): AttackPlan => ({
        targets: [{ host, port: 80 }],
        sources,
        connections: 2_000,
        opensPerSecond: FLOOD_PER_SECOND,
        writing: { then: { text: listRoles, when: { everyMs: 500 } } },
        reading: 'all',
      });
      return attackWith(world, [
        { from: 'attacker', plan: asking(METADATA.ipv4, ipv4) },
        { from: 'attacker', plan: asking(METADATA.ipv6, ipv6) },
      ]);
    },
  }),
];
