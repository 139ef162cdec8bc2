import { attackStep } from '../step.ts';
import type { AttackPlan, NodeStep } from '../step.ts';
import { attackWith, metadataApi } from './attackers.ts';
import { credentials, listRoles, pipelined, shortest } from './requests.ts';

/** Attack N1 on version 0.1: requests whose answers are not read. Filling memory takes a while. */
const unread = (what: string, connections: number, writing: AttackPlan['writing']): NodeStep =>
  attackStep({
    title: `A Pod that writes ${what} on each of ${connections} connections and hardly reads affects no other Pod`,
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: { targets: metadataApi, connections, writing, reading: 'hardly' },
          durationMs: 6_000,
        },
      ]),
  });

const asFastAsTaken: Omit<AttackPlan, 'connections'> = {
  targets: metadataApi,
  writing: { then: { text: shortest, when: 'taken' } },
  reading: 'all',
};

/** Attack N4 on version 0.1: how long other Pods wait for their turn. */
const read = (connections: number): NodeStep =>
  attackStep({
    title: `A Pod that pipelines requests nonstop on ${connections} connections and reads the answers delays no other Pod`,
    run: (world) =>
      attackWith(world, [{ from: 'attacker', plan: { ...asFastAsTaken, connections }, durationMs: 2_000 }]),
  });

export const pipelineSteps: readonly NodeStep[] = [
  unread('64 kB of requests', 32, { first: pipelined(shortest) }),
  unread('requests nonstop', 256, { then: { text: shortest, when: 'taken' } }),
  ...[2, 4, 8, 32].map(read),
  attackStep({
    title:
      'Sixteen Pods of one Namespace that pipeline requests on 32 connections each delay no other Namespace',
    run: (world) =>
      attackWith(world, [
        {
          from: 'sixteen',
          plan: {
            ...asFastAsTaken,
            connections: 512,
            sources: world.pods.sixteen.map(({ pod }) => pod.addresses.ipv4),
          },
        },
      ]),
  }),
  attackStep({
    title: 'A Pod that sends requests on 256 connections as fast as they are answered delays no other Pod',
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: {
            targets: metadataApi,
            connections: 256,
            writing: { then: { text: listRoles, when: 'answered' } },
            reading: 'all',
          },
        },
      ]),
  }),
  attackStep({
    title: "A Pod that sends requests on 256 connections and never reads does not exhaust the agent's memory",
    run: (world) =>
      attackWith(world, [
        {
          from: 'attacker',
          plan: {
            targets: metadataApi,
            connections: 256,
            // Slow enough for each request to be answered: only kernel buffers grow.
            writing: {
              then: { text: credentials(world.pods.attacker.role).repeat(10), when: { everyMs: 50 } },
            },
            reading: 'never',
          },
          durationMs: 6_000,
        },
      ]),
  }),
];
