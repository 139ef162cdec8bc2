import type { ChaosWorld } from '../world.ts';
import { everythingWaits, noEffect } from './fault.ts';
import type { Fault, Component } from './fault.ts';
import { cutThenRefuse, delay, refuseAll, closePorts, dropBytes } from '../port-faults.ts';
import type { Recover } from '../port-faults.ts';
import { hang, throttle } from '../process-faults.ts';

/**
 * An agent notices after 10 s of silence and 3 s without an answer, and may then wait for two back-offs of up to 5 s each
 * (DESIGN.md 4.5). Milliseconds.
 */
const NOTICED_MS = 26_000;
const DURATION_MS = 4_000;
const FEED_DELAY_MS = 300;

type Choose = (world: ChaosWorld) => readonly number[];

const connected: Choose = (world) => [world.connectedServer()];
const all: Choose = ({ servers }) => servers.map((_, index) => index);

function serverFaults(component: Component, choose: Choose, expected: Fault['expected']): Fault[] {
  // If the other server takes over, the fault ends when the changes are in force.
  const fault = { component, expected, durationMs: expected === noEffect ? NOTICED_MS : DURATION_MS };
  const programs = (world: ChaosWorld) => choose(world).flatMap((index) => world.servers[index] ?? []);
  const feeds = (world: ChaosWorld) => choose(world).flatMap((index) => world.ports.feeds[index] ?? []);
  return [
    {
      ...fault,
      mode: 'kill',
      how: 'SIGKILL, restarted later',
      async inject(world) {
        const affected = choose(world);
        await Promise.all(programs(world).map((program) => program.kill()));
        return async () => {
          await Promise.all(affected.map((index) => world.startServer(index).ready()));
        };
      },
    },
    {
      ...fault,
      mode: 'hang',
      how: 'SIGSTOP',
      inject: (world) => recoverAll(programs(world).map(hang)),
    },
    {
      ...fault,
      mode: 'slow',
      how: 'runs a fifth of the time',
      expected: noEffect,
      durationMs: NOTICED_MS,
      inject: (world) => recoverAll(programs(world).map(throttle)),
    },
    {
      ...fault,
      mode: 'cut',
      how: 'connections reset every 300 ms, then refused',
      inject: (world) => cutThenRefuse(feeds(world)),
    },
    {
      ...fault,
      mode: 'refuse',
      how: 'restarted without an API server: UNAVAILABLE',
      async inject(world) {
        const affected = choose(world);
        const recover = await closePorts(affected.flatMap((index) => world.ports.apis[index] ?? []));
        await Promise.all(programs(world).map((program) => program.stop()));
        const restarted = affected.map((index) => world.startServer(index));
        return async () => {
          await recover();
          await Promise.all(restarted.map((program) => program.ready()));
        };
      },
    },
  ];
}

function recoverAll(each: readonly (() => void)[]): Recover {
  return () => {
    for (const recover of each) recover();
  };
}

/** The path between agents and servers; the servers themselves are healthy. */
function feedPathFaults(): Fault[] {
  const fault = { component: 'feed path', expected: everythingWaits, durationMs: DURATION_MS } as const;
  return [
    { ...fault, mode: 'kill', how: 'no listener', inject: ({ ports }) => closePorts(ports.feeds) },
    {
      ...fault,
      mode: 'hang',
      how: 'bytes are dropped silently',
      inject: ({ ports }) => dropBytes(ports.feeds),
    },
    {
      ...fault,
      mode: 'slow',
      how: `each chunk ${FEED_DELAY_MS} ms late`,
      expected: noEffect,
      durationMs: NOTICED_MS,
      inject: ({ ports }) => delay(ports.feeds, FEED_DELAY_MS),
    },
    {
      ...fault,
      mode: 'cut',
      how: 'all connections reset every 300 ms, then refused',
      inject: ({ ports }) => cutThenRefuse(ports.feeds),
    },
    {
      ...fault,
      mode: 'refuse',
      how: 'new connections reset',
      inject: ({ ports }) => refuseAll(ports.feeds),
    },
  ];
}

export const serverSideFaults: readonly Fault[] = [
  ...serverFaults('one server', connected, noEffect),
  ...serverFaults('both servers', all, everythingWaits),
  ...feedPathFaults(),
];
