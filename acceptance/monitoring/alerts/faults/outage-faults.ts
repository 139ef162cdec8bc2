import { join } from 'node:path';
import { writeTlsFiles } from '@rolegate/testing';
import { SERVER_NAME } from '@rolegate/sandbox';
import { closePorts } from '../../../chaos/port-faults.ts';
import { untilReady } from '../fault.ts';
import type { AlertFault, Round } from '../fault.ts';
import { keepCalling } from '../world/cluster.ts';

const newPods = Array.from({ length: 12 }, (_, at) => `app/waiting-${at}`);

const noServer: AlertFault = {
  title: 'no agent reaches a server, and new Pods start',
  alerts: ['RolegateFeedStale', 'RolegateFeedStaleLong', 'RolegateNoAgents', 'RolegatePodsWait'],
  async inject({ world }) {
    const open = await closePorts(world.ports.feeds);
    const stop = new AbortController();
    for (const named of newPods) {
      await world.run(named, 'app-888');
      keepCalling(world, named, stop.signal);
    }
    return async () => {
      stop.abort();
      await open();
      for (const named of newPods) await world.end(named);
    };
  },
};

const serversKilled: AlertFault = {
  title: 'both servers are killed',
  alerts: ['RolegateServersAbsent'],
  async inject({ world }) {
    await Promise.all(world.servers.map((server) => server.kill()));
    return async () => {
      await Promise.all(world.servers.map((_, index) => untilReady(world.startServer(index))));
    };
  },
};

const agentsKilled: AlertFault = {
  title: 'all agents are killed',
  alerts: ['RolegateAgentsAbsent', 'RolegateNoAgents'],
  async inject({ world }) {
    await world.agent.kill();
    return () => untilReady(world.startAgent());
  },
};

const apiSilent: AlertFault = {
  title: 'the API server accepts requests without answering',
  alerts: ['RolegateWatchStale'],
  inject({ world: { api } }) {
    api.hang();
    return () => {
      api.resume();
    };
  },
};

const MINUTE_MS = 60_000;

/** The certificate is replaced by one with this much life left, and afterwards by one for a day. */
function expiring(
  { folder, names, lifeMs }: { folder: string; names: object; lifeMs: number },
  fault: Pick<AlertFault, 'title' | 'alerts'>,
): AlertFault {
  return {
    ...fault,
    async inject({ world }) {
      const { ca } = world.programs;
      const write = async (life: number) => {
        const issued = await ca.issue({ ...names, notAfter: new Date(Date.now() + life) });
        await writeTlsFiles(join(world.folder, folder), { ca: ca.pem, ...issued });
      };
      await write(lifeMs);
      return () => write(24 * 60 * MINUTE_MS);
    },
  };
}

export const outageRounds: readonly Round[] = [
  [noServer],
  [serversKilled],
  [agentsKilled],
  [apiSilent],
  [
    expiring(
      { folder: 'server', names: { dns: [SERVER_NAME] }, lifeMs: 15 * MINUTE_MS },
      {
        title: "the servers' certificate from files has 15 minutes left",
        alerts: ['RolegateServerCertificateExpiring'],
      },
    ),
  ],
  [
    expiring(
      { folder: 'agent', names: { uris: ['spiffe://rolegate/node/sandbox-node'] }, lifeMs: MINUTE_MS / 2 },
      {
        title: "the agent's certificate from files has 30 seconds left",
        alerts: ['RolegateAgentCertificateExpiring'],
      },
    ),
  ],
];
