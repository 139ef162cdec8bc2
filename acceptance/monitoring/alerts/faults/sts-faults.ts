import type { StsFaultName } from '@rolegate/testing';
import { untilReady } from '../fault.ts';
import type { AlertFault, Round } from '../fault.ts';
import type { AlertCluster } from '../world/cluster.ts';

/** A twentieth of an hour. Seconds. */
export const SHORT_SESSION_SECONDS = 180;

const denied: AlertFault = {
  title: 'the trust policy of one role no longer names the server',
  alerts: ['RolegateSessionsFailing'],
  async inject({ world }) {
    world.sts.fail('arn:aws:iam::123456789012:role/app-777', 'AccessDenied');
    await world.run('app/denied', 'app-777');
    return async () => {
      world.sts.mend('arn:aws:iam::123456789012:role/app-777');
      await world.end('app/denied');
    };
  },
};

function stsAnswers(name: StsFaultName, fault: Pick<AlertFault, 'title' | 'alerts'>): AlertFault {
  return {
    ...fault,
    inject({ world }) {
      world.sts.fail('all', name);
      return withNewPods({ world }, () => {
        world.sts.mend('all');
      });
    },
  };
}

const away: AlertFault = {
  title: 'nothing listens at the address of STS until sessions expire',
  alerts: [
    'RolegateCredentialsNotRenewed',
    'RolegateCredentialsExpiring',
    'RolegateServerCredentialsExpiring',
  ],
  async inject({ world }) {
    await world.ports.sts.close();
    return () => world.ports.sts.open();
  },
};

const rejected: AlertFault = {
  title: "the server's own key expires",
  alerts: ['RolegateServerCredentials'],
  inject({ world: { sts } }) {
    sts.expireServerCredentials();
    return () => {
      sts.renewServerCredentials();
    };
  },
};

const smallBudget: AlertFault = {
  title: 'a hundred new roles on servers with --sts-rate 1',
  alerts: ['RolegateStsBudgetWaiting'],
  async inject({ world }) {
    const flags = ['--sts-rate', '1', '--sts-burst', '1'];
    await restartServers({ world }, flags);
    for (let at = 0; at < 100; at++) await world.run(`app/budget-${at}`, `app-9${at}`);
    return async () => {
      for (let at = 0; at < 100; at++) await world.end(`app/budget-${at}`);
      await restartServers({ world });
    };
  },
};

/** One after the other, as in a rollout. `flags`: additional flags, by default those of the world. */
async function restartServers(
  { world }: Pick<AlertCluster, 'world'>,
  flags?: readonly string[],
): Promise<void> {
  for (const [index, server] of world.servers.entries()) {
    await server.stop();
    await untilReady(world.startServer(index, flags));
  }
}

/** A Pod with a new role starts every second until the fault ends. */
async function withNewPods(
  { world }: Pick<AlertCluster, 'world'>,
  end: () => void,
): Promise<() => Promise<void>> {
  const started: string[] = [];
  const start = async () => {
    const named = `app/new-${started.length}`;
    started.push(named);
    await world.run(named, `app-5${started.length}`);
  };
  await start();
  const timer = setInterval(() => void start(), 1_000);
  return async () => {
    clearInterval(timer);
    end();
    for (const named of started) await world.end(named);
  };
}

/** In a cluster with short sessions whose servers first assume a role. */
export const shortSessionRounds: readonly Round[] = [[away]];

export const stsRounds: readonly Round[] = [
  [denied],
  [stsAnswers('ServiceUnavailable', { title: 'STS answers 503', alerts: ['RolegateStsUnavailable'] })],
  [stsAnswers('Throttling', { title: 'STS throttles every call', alerts: ['RolegateStsThrottled'] })],
  [
    stsAnswers('RegionDisabledException', {
      title: 'STS is deactivated in the region',
      alerts: ['RolegateStsRegionDisabled', 'RolegateServerCredentials'],
    }),
  ],
  [rejected],
  [smallBudget],
];
