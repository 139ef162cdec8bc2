import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@rolegate/testing';
import { firstCredentials, problemOf } from '../first-credentials.ts';
import type { ChartName } from '../charts.ts';
import { expectNotReached } from '../imds-log.ts';
import { createReleases } from '../releases.ts';
import type { Change, Ended, Releases } from '../releases.ts';
import { findAll } from '../plugin/findings.ts';
import type { Wanted } from '../plugin/findings.ts';
import { expectNoFailure, resultLines, duringRequests } from '../continuous-requests.ts';
import { required } from '../step.ts';
import type { NodeStep } from '../step.ts';
import { expectNoRules, expectNothingLeft } from './uninstalling.ts';
import type { NodeWorld } from '../world.ts';

/** New Pods of each change. */
const NEW_PODS = 2;
/** A Pod of the DaemonSet starts and requests a certificate. */
const REFUSED = { withinMs: 60_000, everyMs: 1_000 };
/** Longer than the period of the readiness probe, 5 s, which an agent without a certificate fails. */
const STUCK_MS = 10_000;
/**
 * Failed calls of a Pod. The init container of 0.1.0 finds rules that it does not know and removes all flows to the metadata
 * addresses, including those of requests in progress.
 */
const CUT_BY_01 = 2;
/** The user of agents of 0.1. Agents of other users cannot share a port with them. */
const USER_OF_01 = 65_532;
/** Failed calls of a Pod while the port changes its user: two rounds of three calls. */
const CUT_BY_USER = 6;
const HINT = 'Upgrade agents before servers';

const MIXED_VERSIONS: Wanted = {
  fault: 'Agents and servers have different versions',
  severity: 'warning',
  check: 'versions',
  what: '2 versions run at the same time',
  evidence: /servers .*0\.1\.0/,
};

interface Circumstances {
  /** Calls of a Pod that are allowed to fail. None by default. */
  readonly tolerated?: number | undefined;
  /**
   * When new Pods start. 'after' the change because DNS names servers of 0.1.0 for a moment after they stop, or because the init
   * container of 0.1.0 cuts requests in progress. During the change by default.
   */
  readonly newPods?: 'after' | undefined;
}

/** Upgrades from 0.1.0 and rollbacks, in the order of docs/upgrade.md and once in the wrong order. */
export function upgrading(world: NodeWorld): NodeStep[] {
  const { charts01 } = world;
  if (charts01 === undefined) return [];
  const releases = createReleases({ ...world, charts01 });
  const during = createDuring(world);
  const context: UpgradeContext = {
    world,
    releases,
    during,
    change: (name, chart, { tolerated, newPods, ...to }) =>
      during(name, () => releases.change(chart, to), { tolerated, newPods }),
  };
  return [upgradeSteps, rollbackSteps, wrongOrderSteps].flatMap((steps) => steps(context));
}

interface UpgradeContext {
  readonly world: NodeWorld;
  readonly releases: Releases;
  readonly during: ReturnType<typeof createDuring>;
  readonly change: (name: string, chart: ChartName, change: Change & Circumstances) => Promise<void>;
}

function upgradeSteps({ world: { imdsLog, plugin }, releases, during, change }: UpgradeContext): NodeStep[] {
  return [
    required({
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
          tolerated: CUT_BY_USER,
        });
        await releases.expectAttestedAt(9610);
      },
    },
    {
      title: 'kubectl rolegate doctor names the two versions that run in an unfinished upgrade',
      run: () => findAll(plugin, [MIXED_VERSIONS]),
    },
    {
      title:
        'Upgrading servers from 0.1.0 after the agents fails no request and keeps the authority of 0.1.0',
      async run() {
        await keepsAuthority(releases, () =>
          change('servers-then', 'server', {
            to: 'this',
            values: '--reset-then-reuse-values',
            newPods: 'after',
          }),
        );
      },
    },
    {
      title: 'An agent that starts after both upgrades attests at 9611, and no request fails',
      async run() {
        await during('attest', releases.restartAgent);
        await releases.expectAttestedAt(9611);
      },
    },
  ];
}

function rollbackSteps({ releases, change }: UpgradeContext): NodeStep[] {
  return [
    {
      title: 'Rolling servers back to 0.1.0 first fails no request and keeps the authority',
      async run() {
        await keepsAuthority(releases, () =>
          change('servers-back', 'server', { to: '0.1.0', values: '--reset-then-reuse-values' }),
        );
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
          tolerated: CUT_BY_USER,
        }),
    },
    {
      title: 'Rolling agents back to 0.1.0 fails only the requests that its init container cuts',
      run: () =>
        change('agents-back', 'agent', {
          to: '0.1.0',
          values: '--reset-then-reuse-values',
          more: { agent: null },
          tolerated: CUT_BY_01,
          newPods: 'after',
        }),
    },
  ];
}

function wrongOrderSteps({ world, releases, during, change }: UpgradeContext): NodeStep[] {
  const { installation, imdsLog } = world;
  return [
    {
      title:
        'Upgrading servers before agents of 0.1.0, the wrong order, keeps the feed of the agents and fails no request',
      run: () => change('wrong-order', 'server', { to: 'this', values: 'again', newPods: 'after' }),
    },
    {
      title:
        'An agent of 0.1.0 that starts after the servers are upgraded gets no certificate, the log says why, the previous agent stays, and no request fails',
      run: () =>
        during('without', async () => {
          await releases.restartAgent();
          return async () => {
            await eventually(() => releases.expectInServersLog(HINT), REFUSED);
            await sleep(STUCK_MS);
            await releases.expectAgents({ ready: 1, waiting: 1 });
          };
        }),
    },
    {
      title:
        'Agents that are upgraded last, with --reuse-values, attest, and requests fail only while the port changes its user',
      async run() {
        await change('agents-last', 'agent', {
          to: 'this',
          values: '--reuse-values',
          tolerated: CUT_BY_USER,
        });
        await releases.expectAttestedAt(9611);
        await expectNotReached(imdsLog);
      },
    },
    {
      title: 'After the upgrades, uninstall=true and helm uninstall leave nothing behind',
      async run() {
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
        await expectNothingLeft(world);
      },
    },
  ];
}

/** Throws if keys or certificates of the authority change during an action. */
async function keepsAuthority(releases: Releases, action: () => Promise<void>): Promise<void> {
  const before = await releases.authority();
  await action();
  if ((await releases.authority()) !== before) throw new Error('the authority has changed');
}

/** Throws if running Pods or new Pods fail during a change. `begin` starts it and returns how to wait for its end. */
function createDuring({ kubectl, pods, say }: NodeWorld) {
  return async (
    name: string,
    begin: () => Promise<Ended>,
    { tolerated, newPods }: Circumstances = {},
  ): Promise<void> => {
    const startMs = Date.now();
    const results = await duringRequests(kubectl, async () => {
      const ended = await begin();
      if (newPods === 'after') await ended();
      await pods.startMany({ count: NEW_PODS, prefix: name });
      await ended();
      const starters = await firstCredentials(kubectl, NEW_PODS);
      const problems = starters.flatMap((pod) => problemOf(pod) ?? []);
      await pods.removeMany();
      if (problems.length > 0) throw new Error(problems.join('\n'));
    });
    for (const line of resultLines(results)) say(line);
    say(`${Math.round((Date.now() - startMs) / 1000)} s, ${NEW_PODS} new Pods have their credentials`);
    expectNoFailure(results, { tolerated });
  };
}
