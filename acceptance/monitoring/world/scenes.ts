import { setTimeout } from 'node:timers/promises';
import { closePorts, cutThenRefuse } from '../../chaos/port-faults.ts';
import type { Recover } from '../../chaos/port-faults.ts';
import { outputOf } from '@rolegate/testing';
import { callAsStolenNode } from './stolen-node.ts';
import { startPods, useUpLimits } from './many-requests.ts';
import { serverFlags } from './monitored-world.ts';
import type { MonitoredWorld } from './monitored-world.ts';
import { showForgedTokens } from './token-pods.ts';

/** What happens at one time of the run. */
export interface Scene {
  /** Since the start of the run. Seconds. */
  readonly at: number;
  /** Until it is over. Seconds. */
  readonly lasts?: number;
  /** For operators: what is wrong, or what somebody does. */
  readonly title: string;
  readonly begin: (monitored: MonitoredWorld) => Promise<Recover | undefined> | Recover;
}

/** Seconds. */
const RUN_SECONDS = 300;
/** The network is cut in this second. */
export const CUT_SECOND = 110;
/** Lifetime of the credentials that STS issues late in the run, so that their renewals are seen. Seconds. */
const SHORT_SESSION = 100;

export const scenes: readonly Scene[] = [
  {
    at: 20,
    title: '30 Pods with new roles start at the same time',
    begin: ({ world }) => startPods(world, { from: 0, count: 30 }),
  },
  {
    at: 30,
    lasts: 15,
    title: 'The API server signs tokens with a new key, and servers may not read its keys',
    begin({ world: { api } }) {
      api.issuer.addKey('RS256');
      api.issuer.granted = false;
      return () => {
        api.issuer.granted = true;
      };
    },
  },
  {
    at: 50,
    lasts: 30,
    title: 'STS is away, and four Pods with new roles start',
    async begin({ world }) {
      const recover = await closePorts([world.ports.sts]);
      await startPods(world, { from: 30, count: 4 });
      return recover;
    },
  },
  {
    at: 84,
    lasts: 8,
    title: 'A Pod shows forged ServiceAccount tokens',
    begin: ({ world }) => showForgedTokens(world),
  },
  {
    at: 95,
    lasts: 20,
    title: 'The network between agents and servers is cut',
    begin: ({ world }) => cutThenRefuse(world.ports.feeds),
  },
  {
    at: 130,
    lasts: 15,
    title: 'A server is killed and comes back in enforce mode',
    begin: ({ world }) => replaceServer(world, 0),
  },
  {
    at: 155,
    lasts: 1,
    title: 'The other server is restarted in enforce mode',
    begin: ({ world }) => replaceServer(world, 1),
  },
  {
    at: 165,
    title: `Six Pods with new roles start, and STS gives credentials of only ${SHORT_SESSION} seconds`,
    async begin({ world }) {
      world.sts.limitLifetime(SHORT_SESSION);
      return startPods(world, { from: 34, count: 6 });
    },
  },
  {
    at: 175,
    lasts: 15,
    title: 'The API server is silent and loses its history',
    begin({ world: { api } }) {
      api.hang();
      api.dropWatches();
      return () => {
        api.bump();
        api.compact();
        api.resume();
      };
    },
  },
  flush('nat', 200),
  flush('filter', 204),
  {
    at: 208,
    lasts: 16,
    title: 'kube2iam adds its rule on a node',
    async begin({ node: { enter } }) {
      const rule = '-d 169.254.169.254/32 -p tcp --dport 80 -j DNAT --to-destination 198.18.0.10:8282';
      const iptables = (how: string) =>
        outputOf([...enter, 'iptables', '-t', 'nat', how, 'PREROUTING', ...rule.split(' ')]);
      await iptables('-A');
      return async () => {
        await iptables('-D');
      };
    },
  },
  {
    at: 230,
    lasts: 10,
    title: 'The reconcile container of a node is away',
    async begin({ node }) {
      await node.stopReconcile();
      return node.startReconcile;
    },
  },
  {
    at: 245,
    lasts: 6,
    title: 'One Pod opens 300 connections, and another sends 300 requests at once',
    begin: ({ world }) => useUpLimits(world),
  },
  {
    at: 256,
    title: 'A stolen node asks for the Pods of another, with and without certificates',
    begin: ({ world }) => callAsStolenNode(world),
  },
  {
    at: 268,
    lasts: 4,
    title: 'An agent is killed and comes back',
    async begin({ world }) {
      await world.agent.kill();
      return async () => {
        await world.startAgent().ready();
      };
    },
  },
];

/** Kills a server; it comes back in enforce mode. */
async function replaceServer(world: MonitoredWorld['world'], index: number) {
  await world.servers[index]?.kill();
  return async () => {
    await world.startServer(index, serverFlags('enforce')).ready();
  };
}

function flush(table: 'nat' | 'filter', at: number): Scene {
  return {
    at,
    title: `Another program flushes the ${table} table of a node`,
    async begin({ node: { enter } }) {
      await outputOf([...enter, 'iptables', '-t', table, '-F']);
      return undefined;
    },
  };
}

/** Plays the scenes, each at its time. Rejects if one fails or the signal aborts. */
export async function play(
  monitored: MonitoredWorld,
  { signal, print }: { readonly signal: AbortSignal; readonly print: (line: string) => void },
): Promise<void> {
  const startMs = performance.now();
  const until = (seconds: number) =>
    setTimeout(Math.max(0, startMs + seconds * 1_000 - performance.now()), undefined, { signal });
  await Promise.all([
    until(RUN_SECONDS),
    ...scenes.map(async ({ at, lasts = 0, title, begin }) => {
      await until(at);
      print(`        ${at} s: ${title}`);
      const recover = await begin(monitored);
      await until(at + lasts);
      await recover?.();
    }),
  ]);
}
