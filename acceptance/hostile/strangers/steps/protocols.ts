import { randomBytes } from 'node:crypto';
import { PORTS } from '../../../network/addresses.ts';
import { strangersStep } from '../step.ts';
import type { StrangersStep } from '../step.ts';
import { manyAddresses } from '../world/agent-nodes.ts';
import { tlsAttack, combined, tcpAttack } from './attack.ts';

const GET = 'GET /metrics HTTP/1.1\r\nHost: rolegate-server\r\n\r\n';

export const protocolSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'Plain HTTP, TLS 1.2 and random bytes on all three ports delay no agent and no probe',
    run(world) {
      const { feed, attest } = world.agents.ports();
      const ports = [feed, attest, PORTS.serverOps];
      const many = { connections: 100, opensPerSecond: 300, sources: manyAddresses, reading: 'all' } as const;
      const random = randomBytes(4_096).toString('latin1');
      const old = {
        tls: '1.2',
        connections: 100,
        opensPerSecond: 200,
        behavior: { kind: 'nothing' },
      } as const;
      return combined([
        tcpAttack(world, [
          { ...many, ports, writing: { first: GET.repeat(10) } },
          { ...many, ports, writing: { first: random, then: { text: random, when: 'taken' } } },
        ]),
        tlsAttack(world, [
          { ...old, port: feed, sources: manyAddresses },
          { ...old, port: attest, sources: manyAddresses },
        ]),
      ]);
    },
  }),
  strangersStep({
    title:
      'Metrics requests that are pipelined on many connections or left unfinished delay no agent and no probe',
    run(world) {
      const ports = [PORTS.serverOps];
      const many = { ports, sources: manyAddresses, opensPerSecond: 500 } as const;
      return tcpAttack(world, [
        { ...many, connections: 300, reading: 'never', writing: { then: { text: GET, when: 'taken' } } },
        { ...many, connections: 300, reading: 'all', writing: { then: { text: GET, when: 'answered' } } },
        { ...many, connections: 300, reading: 'all', writing: { first: 'GET /met' } },
      ]);
    },
  }),
];
