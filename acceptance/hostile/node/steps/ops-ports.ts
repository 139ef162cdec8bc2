import { NODE, PORTS } from '../../../network/addresses.ts';
import type { Target } from '../../clients/calls.ts';
import { otherNodeAddresses } from '../pods.ts';
import { attackStep } from '../step.ts';
import type { AttackPlan, NodeStep, NodeWorld } from '../step.ts';
import { attackWith, metadataApi } from './attackers.ts';
import { metricsPage } from './requests.ts';

const agentOps: Target = { host: NODE.ipv4, port: PORTS.agentOps };
/** The kubelet's probe port, and source addresses that a host-network Pod can use there, including the kubelet's. */
const agentProbes: Target = { host: '127.0.0.1', port: PORTS.agentProbes };
const loopbackAddresses = Array.from({ length: 64 }, (_, at) => `127.0.0.${at + 1}`);
const serverAt = (world: NodeWorld, port: number): Target => ({ host: world.serverAddress, port });

const pages = (targets: readonly Target[], connections: number): AttackPlan => ({
  targets,
  connections,
  writing: { then: { text: metricsPage, when: 'taken' } },
  reading: 'never',
});

/** Attack N3 on version 0.1: one request every 3 s keeps a connection open. */
const idle = (targets: readonly Target[], connections: number): AttackPlan => ({
  targets,
  connections,
  writing: { then: { text: metricsPage, when: { everyMs: 3_000 } } },
  reading: 'all',
});

const read = (targets: readonly Target[]): AttackPlan => ({
  targets,
  sources: otherNodeAddresses,
  connections: 64,
  opensPerSecond: 20_000,
  writing: { then: { text: metricsPage, when: 'answered' } },
  reading: 'all',
});

const silent = (targets: readonly Target[]): AttackPlan => ({
  targets,
  connections: 256,
  writing: {},
  reading: 'all',
});

export const opsPortSteps: readonly NodeStep[] = [
  attackStep({
    title:
      "Another node that pipelines requests for the agent's metrics on 8 connections without reading affects no Pod and no probe",
    run: (world) => attackWith(world, [{ from: 'other-node', plan: pages([agentOps], 8) }]),
  }),
  attackStep({
    title:
      "Another node that pipelines requests for the agent's metrics on 256 connections without reading affects no Pod and no probe",
    run: (world) => attackWith(world, [{ from: 'other-node', plan: pages([agentOps], 256) }]),
  }),
  attackStep({
    title:
      "Another node that pipelines requests for the server's metrics on 256 connections without reading affects no Pod and no probe",
    run: (world) =>
      attackWith(world, [{ from: 'other-node', plan: pages([serverAt(world, PORTS.serverOps)], 256) }]),
  }),
  attackStep({
    title:
      'A node with 33 addresses that reads the metrics of agent and server as fast as it can delays no Pod and no probe',
    run: (world) =>
      attackWith(world, [{ from: 'other-node', plan: read([agentOps, serverAt(world, PORTS.serverOps)]) }]),
  }),
  attackStep({
    title: "Another node with 256 idle connections to the agent's metrics port causes no probe to fail",
    run: (world) =>
      attackWith(world, [{ from: 'other-node', plan: idle([agentOps], 256), durationMs: 5_000 }]),
  }),
  attackStep({
    title:
      'A node with 33 addresses and 512 idle connections to the metrics ports of agent and server causes no probe to fail',
    run: (world) =>
      attackWith(world, [
        {
          from: 'other-node',
          plan: {
            ...idle([agentOps, serverAt(world, PORTS.serverOps)], 512),
            sources: otherNodeAddresses,
          },
        },
      ]),
  }),
  attackStep({
    title: "A host-network Pod with 512 idle connections to the agent's probe port causes no probe to fail",
    run: (world) =>
      attackWith(world, [
        {
          from: 'node',
          plan: { ...idle([agentProbes], 512), sources: loopbackAddresses },
          durationMs: 5_000,
        },
      ]),
  }),
  attackStep({
    title:
      "A host-network Pod that sends requests to the agent's probe port as fast as it can causes no probe to fail",
    run: (world) =>
      attackWith(world, [
        { from: 'node', plan: { ...read([agentProbes]), sources: loopbackAddresses }, durationMs: 5_000 },
      ]),
  }),
  attackStep({
    title: 'Strangers that open 256 connections to each port of agent and server affect no Pod and no probe',
    run: (world) =>
      attackWith(world, [
        { from: 'attacker', plan: silent(metadataApi) },
        { from: 'attacker', plan: silent([agentOps]) },
        { from: 'other-node', plan: silent([agentOps]) },
        { from: 'other-node', plan: silent([serverAt(world, PORTS.serverOps)]) },
        { from: 'other-node', plan: silent([serverAt(world, PORTS.server)]) },
        // The rules block direct access to this port.
        {
          from: 'other-node',
          plan: silent([{ host: NODE.ipv4, port: PORTS.agent }]),
          mayBeRefused: true,
        },
      ]),
  }),
];
