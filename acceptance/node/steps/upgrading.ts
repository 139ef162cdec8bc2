import { eventually } from '@rolegate/testing';
import { firstCredentials, judgeFirstCredentials } from '../first-credentials.ts';
import type { ChartName } from '../helm.ts';
import { nobodyReached } from '../imds-log.ts';
import { createReleases } from '../releases.ts';
import type { Change, Ended } from '../releases.ts';
import { expectNoFailure, steadyFigures, whileAsking } from '../steady.ts';
import { needed } from '../step.ts';
import type { NodeStep } from '../step.ts';
import { expectNoRules } from './uninstalling.ts';
import type { NodeWorld } from '../world.ts';

/** New Pods of each change. */
const NEWCOMERS = 2;
/** A Pod of the DaemonSet starts, and asks the servers. */
const REFUSED = { withinMs: 60_000, everyMs: 1_000 };
/** What happens to an agent that gets no certificate is seen at its readiness probe, every 5 s. */
const STUCK_MS = 10_000;
/**
 * Calls of a Pod. The init container of 0.1.0 finds rules that it does not know, and forgets all flows to the metadata address,
 * also those of requests that the agent is about to answer.
 */
const CUT_BY_01 = 2;
/** The user of agents of 0.1: others cannot share a port with them. */
const USER_OF_01 = 65_532;
/** Calls of a Pod in the moment in which a port goes from one user to the other: two rounds of its three, each tried once. */
const CUT_BY_USER = 6;
const HINT = 'upgrade agents before servers';

interface Circumstances {
  /** Calls of a Pod that may fail. By default none. */
  readonly butFor?: number | undefined;
  /**
   * When new Pods start. After: servers of 0.1.0 stop, which DNS still names for a moment, or its init container cuts what is
   * under way, as a new Pod's request is for longer than others. By default at once, when the change has begun.
   */
  readonly newcomers?: 'at once' | 'after' | undefined;
}

/** From version 0.1.0 and back while Pods ask, in the order that docs/upgrade.md says, and once in the other. */
export function upgrading(world: NodeWorld): NodeStep[] {
  const { charts01, installation, imdsLog } = world;
  if (charts01 === undefined) return [];
  const releases = createReleases({ ...world, charts01 });
  const during = createDuring(world);
  const change = (name: string, chart: ChartName, { butFor, newcomers, ...to }: Change & Circumstances) =>
    during(name, () => releases.change(chart, to), { butFor, newcomers });
  return [
    needed({
      title: 'Both charts of version 0.1.0 are installed and become ready',
      async run() {
        await releases.install01();
        await imdsLog?.mark();
      },
    }),
    {
      title:
        'Upgrading agents from 0.1.0 first fails requests only while the port changes its user, and agents attest at 9610 because 9611 is closed',
      async run() {
        await change('agents-first', 'agent', {
          to: 'this',
          values: '--reset-then-reuse-values',
          butFor: CUT_BY_USER,
        });
        await releases.expectAttestedAt(9610);
      },
    },
    {
      title:
        'Upgrading servers from 0.1.0 after the agents fails no request and keeps the authority of 0.1.0',
      async run() {
        const before = await releases.authority();
        await change('servers-then', 'server', {
          to: 'this',
          values: '--reset-then-reuse-values',
          newcomers: 'after',
        });
        if ((await releases.authority()) !== before) throw new Error('the authority has changed');
      },
    },
    {
      title: 'An agent that starts after both upgrades attests at 9611, and no request fails',
      async run() {
        await during('attest', releases.restartAgent);
        await releases.expectAttestedAt(9611);
      },
    },
    {
      title: 'Rolling servers back to 0.1.0 first fails no request and keeps the authority',
      async run() {
        const before = await releases.authority();
        await change('servers-back', 'server', { to: '0.1.0', values: '--reset-then-reuse-values' });
        if ((await releases.authority()) !== before) throw new Error('the authority has changed');
      },
    },
    {
      title:
        'Giving agents the user of 0.1.0 before they are rolled back fails requests only while the port changes its user',
      run: () =>
        change('agents-user', 'agent', {
          to: 'this',
          values: '--reset-then-reuse-values',
          more: { agent: { uid: USER_OF_01 } },
          butFor: CUT_BY_USER,
        }),
    },
    {
      title: 'Rolling agents back to 0.1.0 fails only the requests that its init container cuts',
      run: () =>
        change('agents-back', 'agent', {
          to: '0.1.0',
          values: '--reset-then-reuse-values',
          more: { agent: null },
          butFor: CUT_BY_01,
          newcomers: 'after',
        }),
    },
    {
      title:
        'Upgrading servers before agents of 0.1.0, the wrong order, keeps the feed of the agents and fails no request',
      run: () => change('wrong-order', 'server', { to: 'this', values: 'again', newcomers: 'after' }),
    },
    {
      title:
        'An agent of 0.1.0 that starts after the servers are upgraded gets no certificate, the log says why, the previous agent stays, and no request fails',
      run: () =>
        during('without', async () => {
          await releases.restartAgent();
          return async () => {
            await eventually(() => releases.expectInServersLog(HINT), REFUSED);
            await new Promise((resolve) => setTimeout(resolve, STUCK_MS));
            await releases.expectAgents({ ready: 1, waiting: 1 });
          };
        }),
    },
    {
      title:
        'Agents that are upgraded last, with --reuse-values, attest, and requests fail only while the port changes its user',
      async run() {
        await change('agents-last', 'agent', { to: 'this', values: '--reuse-values', butFor: CUT_BY_USER });
        await releases.expectAttestedAt(9611);
        await nobodyReached(imdsLog);
      },
    },
    {
      title: 'After the upgrades, uninstall=true and helm uninstall leave nothing behind',
      async run() {
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
        const left = await installation.leftOver();
        if (left.length > 0) throw new Error(`left over: ${left.join(' ')}`);
      },
    },
  ];
}

/**
 * Pods ask while something begins and until it has ended; Pods that start when it has begun get their credentials.
 * What begins it gives what waits for its end.
 */
function createDuring({ kubectl, pods, say }: NodeWorld) {
  return async (
    name: string,
    begin: () => Promise<Ended>,
    { butFor, newcomers }: Circumstances = {},
  ): Promise<void> => {
    const startMs = Date.now();
    const results = await whileAsking(kubectl, async () => {
      const ended = await begin();
      if (newcomers === 'after') await ended();
      await pods.startMany(NEWCOMERS, name);
      await ended();
      const { faults } = judgeFirstCredentials(await firstCredentials(kubectl, NEWCOMERS));
      await pods.removeMany();
      if (faults.length > 0) throw new Error(faults.join('\n'));
    });
    for (const line of steadyFigures(results)) say(line);
    say(`${Math.round((Date.now() - startMs) / 1000)} s, ${NEWCOMERS} new Pods have their credentials`);
    expectNoFailure(results, { butFor });
  };
}
