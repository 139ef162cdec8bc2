import type { ChaosWorld } from '../world.ts';
import { allWaits, nobodyNotices } from './fault.ts';
import type { Fault, Target } from './fault.ts';
import { cutThenRefuse, delay, refuseAll, shut, swallow } from '../harm-ports.ts';
import { hang, throttle } from '../harm-process.ts';

/**
 * An agent notices after 10 s of silence and 3 s without an answer, and its pauses between attempts grow to 5 s, of which two may
 * come one after the other (DESIGN.md 4.5). Milliseconds.
 */
const NOTICED_MS = 26_000;
const LASTS_MS = 4_000;
const FEED_DELAY_MS = 300;

type Choose = (world: ChaosWorld) => readonly number[];

const connected: Choose = (world) => [world.connectedServer()];
const all: Choose = ({ servers }) => servers.map((_, index) => index);

function serverFaults(target: Target, choose: Choose, expected: Fault['expected']): Fault[] {
  // Where the other server takes over, the fault ends once what changed is in force.
  const fault = { target, expected, lastsMs: expected === nobodyNotices ? NOTICED_MS : LASTS_MS };
  const programs = (world: ChaosWorld) => choose(world).flatMap((index) => world.servers[index] ?? []);
  const feeds = (world: ChaosWorld) => choose(world).flatMap((index) => world.ports.feeds[index] ?? []);
  return [
    {
      ...fault,
      harm: 'kill',
      how: 'SIGKILL, later started again',
      async strike(world) {
        const struck = choose(world);
        await Promise.all(programs(world).map((program) => program.kill()));
        return async () => {
          await Promise.all(struck.map((index) => world.startServer(index).ready()));
        };
      },
    },
    {
      ...fault,
      harm: 'hang',
      how: 'SIGSTOP',
      strike: (world) => Promise.resolve(mends(programs(world).map(hang))),
    },
    {
      ...fault,
      harm: 'slow',
      how: 'runs a fifth of the time',
      expected: nobodyNotices,
      lastsMs: NOTICED_MS,
      strike: (world) => Promise.resolve(mends(programs(world).map(throttle))),
    },
    {
      ...fault,
      harm: 'cut',
      how: 'connections reset every 300 ms, then refused',
      strike: (world) => Promise.resolve(cutThenRefuse(feeds(world))),
    },
    {
      ...fault,
      harm: 'refuse',
      how: 'started again without an API server: UNAVAILABLE',
      async strike(world) {
        const struck = choose(world);
        const mend = await shut(struck.flatMap((index) => world.ports.apis[index] ?? []));
        await Promise.all(programs(world).map((program) => program.stop()));
        const again = struck.map((index) => world.startServer(index));
        return async () => {
          await mend();
          await Promise.all(again.map((program) => program.ready()));
        };
      },
    },
  ];
}

function mends(each: readonly (() => void)[]): () => Promise<void> {
  return () => {
    for (const mend of each) mend();
    return Promise.resolve();
  };
}

/** The way between agents and all servers, the servers themselves being well. */
function feedPathFaults(): Fault[] {
  const fault = { target: 'feed path', expected: allWaits, lastsMs: LASTS_MS } as const;
  return [
    { ...fault, harm: 'kill', how: 'nobody listens', strike: ({ ports }) => shut(ports.feeds) },
    {
      ...fault,
      harm: 'hang',
      how: 'bytes vanish without a word',
      strike: ({ ports }) => Promise.resolve(swallow(ports.feeds)),
    },
    {
      ...fault,
      harm: 'slow',
      how: `each chunk ${FEED_DELAY_MS} ms late`,
      expected: nobodyNotices,
      lastsMs: NOTICED_MS,
      strike: ({ ports }) => Promise.resolve(delay(ports.feeds, FEED_DELAY_MS)),
    },
    {
      ...fault,
      harm: 'cut',
      how: 'all connections reset every 300 ms, then refused',
      strike: ({ ports }) => Promise.resolve(cutThenRefuse(ports.feeds)),
    },
    {
      ...fault,
      harm: 'refuse',
      how: 'new connections reset',
      strike: ({ ports }) => Promise.resolve(refuseAll(ports.feeds)),
    },
  ];
}

export const serverSideFaults: readonly Fault[] = [
  ...serverFaults('one server', connected, nobodyNotices),
  ...serverFaults('both servers', all, allWaits),
  ...feedPathFaults(),
];
