import { expect, it } from 'vitest';
import type { Pod } from '../../src/kubernetes/objects/objects.ts';
import { createBusyServer, EACH_MINUTE, LIFE_MINUTES, PODS_EACH } from './busy-server.ts';

const MINUTE_MS = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;

/** A busy server in which everything is created and deleted at a steady rate. */
function setup() {
  const server = createBusyServer();
  const { clock, sts, memory } = server;
  const there: { readonly untilMinute: number; readonly end: () => void }[] = [];
  let minute = 0;
  // STS does not know half of the roles.
  sts.refuses = (roleArn) => roleArn.includes('/bad-');

  async function come(): Promise<void> {
    const node = `node-${minute}`;
    await server.addNode(node);
    const untilMinute = minute + LIFE_MINUTES;
    for (let which = 0; which < EACH_MINUTE.namespaces; which++) {
      const name = `space-${minute}-${which}`;
      const pods: readonly Pod[] = server.addNamespace(name, which, node);
      there.push({
        untilMinute,
        end: () => {
          server.removeNamespace(name, pods);
        },
      });
    }
    there.push({
      untilMinute,
      end: () => {
        server.removeNode(node);
      },
    });
    server.strangersCall(minute * EACH_MINUTE.sources);
  }

  function endThose(until: number): void {
    while (there[0] !== undefined && there[0].untilMinute <= until) there.shift()?.end();
  }

  return {
    clock,
    live: server.live,
    /** Runs until that minute; returns what is remembered then. */
    async playUntil(lastMinute: number): Promise<Readonly<Record<string, number>>> {
      for (;;) {
        endThose(minute);
        await come();
        await clock.advance(1_000);
        minute += 1;
        if (minute > lastMinute) return memory.sizes();
        await clock.advance(MINUTE_MS - 1_000);
      }
    },
    /** What is remembered 100 days after everything was deleted. */
    async end(): Promise<Readonly<Record<string, number>>> {
      endThose(Infinity);
      await clock.advance(100 * DAY * MINUTE_MS);
      return memory.sizes();
    },
  };
}

/** The most there can be if this many come each minute and are remembered this long: they are dropped in sixteen goes. */
function within(eachMinute: number, minutes: number): number {
  return Math.ceil(eachMinute * (minutes * (17 / 16) + 1));
}

it('A server that sees new names all day remembers existing ones, and others only for a limited time', async () => {
  const server = setup();
  const afterHalf = await server.playUntil(14 * HOUR);
  const sizes = await server.playUntil(DAY);
  const { namespaces, nodes, sources } = EACH_MINUTE;
  const podsComing = namespaces * PODS_EACH + nodes;
  expect(server.live()).toEqual({ pods: podsComing * LIFE_MINUTES, nodes: nodes * LIFE_MINUTES });
  const most: Readonly<Record<string, number>> = {
    attestation_sources: within(sources + nodes, 1),
    attested_tokens: within(nodes, 1),
    // The bucket of one that says a lot is full again after a minute; that lines were left out is known for ten.
    audit_sources: within(sources, 1) + within(sources / 10, 10),
    changed_nodes: within(namespaces + nodes, LIFE_MINUTES + 13 * HOUR),
    event_subjects: within(namespaces * 2, 5),
    failed_sessions: within(namespaces, 5),
    gone_nodes: nodes * DAY,
    missing_agent_pods: within(podsComing, HOUR),
    missing_objects: namespaces * LIFE_MINUTES,
    refused_tokens: within(sources, 1),
    shortened_roles: 0,
    unreadable_objects: 1_000,
  };
  expect(Object.keys(sizes).sort()).toEqual(Object.keys(most));
  expect(Object.entries(sizes).filter(([kind, size]) => size > (most[kind] ?? 0))).toEqual([]);
  // Each has something to remember, and none has more than ten hours ago, but for what is kept for 90 days.
  expect(Object.keys(sizes).filter((kind) => sizes[kind] === 0)).toEqual(['shortened_roles']);
  const grown = Object.keys(sizes).filter((kind) => (sizes[kind] ?? 0) > 1.1 * (afterHalf[kind] ?? 0));
  expect(grown).toEqual(['gone_nodes']);
  expect(Object.entries(await server.end()).filter(([, size]) => size > 0)).toEqual([]);
  expect(server.clock.pending).toBe(0);
});
