import type { StrangersWorld, StrangersStep } from '../step.ts';
import { strangersStep } from '../step.ts';
import { manyAddresses, SHARED_ADDRESS, STRANGERS_ADDRESS } from '../world/agent-nodes.ts';
import { tlsAttack, combined, tcpAttack } from './attack.ts';
import type { TlsPlan } from './attack.ts';

const CONNECTIONS = 5_000;
const SILENT = { writing: {}, reading: 'all' } as const;

/** Ten new connections a second per address plus a burst, and 512 for all strangers (DESIGN.md 4.11). */
const MOST_OPEN = { ofAddress: 100, ofAll: 512 };

function idle(
  world: StrangersWorld,
  from: Pick<TlsPlan, 'addresses' | 'sources' | 'most'>,
): ReturnType<typeof tlsAttack> {
  const plan = { ...from, connections: CONNECTIONS / 2, opensPerSecond: 1_000 };
  return tlsAttack(world, [
    { ...plan, behavior: { kind: 'nothing' } },
    { ...plan, behavior: { kind: 'preface' } },
  ]);
}

/** Stops at several points of the TLS handshake and of the HTTP/2 preface. */
async function stopEverywhere(world: StrangersWorld): ReturnType<typeof combined> {
  const hello = await world.tlsAttackers[0].clientHello(world.agents.ports().serverName);
  const half = hello.slice(0, hello.length / 2);
  const many = { connections: 200, opensPerSecond: 200, reading: 'all', sources: manyAddresses } as const;
  const secured = { connections: 200, opensPerSecond: 100, sources: manyAddresses };
  return combined([
    tcpAttack(
      world,
      ['', half.slice(0, 5), half, hello].map((first) => ({ ...many, writing: { first } })),
    ),
    tlsAttack(world, [
      { ...secured, behavior: { kind: 'nothing' } },
      { ...secured, behavior: { kind: 'part of the preface' } },
      { ...secured, behavior: { kind: 'preface' } },
    ]),
  ]);
}

export const idleSteps: readonly StrangersStep[] = [
  strangersStep({
    title: '5,000 idle TLS connections from one address do not exhaust memory or lock out agents',
    run: (world) => idle(world, { addresses: [STRANGERS_ADDRESS], most: { open: MOST_OPEN.ofAddress } }),
  }),
  strangersStep({
    title: '5,000 idle TLS connections from 2,000 addresses do not exhaust memory or lock out agents',
    run: (world) => idle(world, { sources: manyAddresses, most: { open: MOST_OPEN.ofAll } }),
  }),
  strangersStep({
    title: '5,000 idle TLS connections from an address that some agents share do not lock out agents',
    run: (world) => idle(world, { addresses: [SHARED_ADDRESS], most: { open: MOST_OPEN.ofAddress } }),
  }),
  strangersStep({
    title: '3,000 silent TCP connections from one address and from many do not lock out agents',
    run: (world) =>
      tcpAttack(world, [
        { ...SILENT, host: STRANGERS_ADDRESS, connections: 1_500, opensPerSecond: 750 },
        { ...SILENT, sources: manyAddresses, connections: 1_500, opensPerSecond: 750 },
      ]),
  }),
  strangersStep({
    title:
      'Half-open handshakes that stop after the ClientHello or send it at one byte per second do not lock out agents',
    async run(world) {
      const hello = await world.tlsAttackers[0].clientHello(world.agents.ports().serverName);
      const slow = { text: hello, when: { byteEveryMs: 1_000 } } as const;
      const many = { reading: 'all', connections: 1_000, opensPerSecond: 500 } as const;
      return tcpAttack(world, [
        { ...many, host: SHARED_ADDRESS, writing: { first: hello } },
        { ...many, sources: manyAddresses, writing: { first: hello } },
        { ...many, sources: manyAddresses, writing: { then: slow } },
      ]);
    },
  }),
  strangersStep({
    title: 'Handshakes from 2,000 addresses that stop at each stage of TLS and HTTP/2 do not lock out agents',
    run: stopEverywhere,
  }),
];
