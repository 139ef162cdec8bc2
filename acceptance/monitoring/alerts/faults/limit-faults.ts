import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTlsFiles } from '@rolegate/testing';
import { createFeedClient } from '../../../stand-ins/feed-client.ts';
import { untilReady } from '../fault.ts';
import type { AlertFault, Round } from '../fault.ts';

const relists: AlertFault = {
  title: 'the API server loses its history again and again',
  alerts: ['RolegateRelists'],
  inject: ({ world: { api } }) =>
    repeatedly(2_000, () => {
      api.compact();
      api.dropWatches('end');
    }),
};

const badResults: AlertFault = {
  title: 'the runtime writes CNI results that are not JSON',
  alerts: ['RolegateCniResultsBad'],
  inject({ world: { cni } }) {
    const written: string[] = [];
    const stop = repeatedly(5_000, async () => {
      written.push(await cni.writeRaw(`podnet-bad-${written.length}-eth0`, '{ "kind": '));
    });
    return async () => {
      stop();
      for (const path of written) await cni.remove(path);
    };
  },
};

const LONG = 'x'.repeat(70_000);

const longAnnotations: AlertFault = {
  title: 'a Namespace keeps getting annotations of 70,000 characters',
  alerts: ['RolegateServerLimitsMet'],
  inject({ world }) {
    let at = 0;
    const stop = repeatedly(2_000, () => {
      world.permit('guests', `${LONG}${at++}`);
    });
    return () => {
      stop();
      world.permit('guests', 'guests');
    };
  },
};

const longHeads: AlertFault = {
  title: 'a Pod keeps sending request headers of 100 kB',
  alerts: ['RolegateAgentLimitsMet'],
  async inject({ world }) {
    await world.run('app/long', 'app-1');
    const calls = world.callsOf('app/long');
    const stop = repeatedly(1_000, () =>
      calls.call('/latest/meta-data/', { headers: { 'x-long': 'x'.repeat(100_000) } }),
    );
    return async () => {
      stop();
      calls.close();
      await world.end('app/long');
    };
  },
};

const foreignNode: AlertFault = {
  title: "a client asks for another node with the agent's certificate",
  alerts: ['RolegateForeignNode'],
  async inject({ world }) {
    const read = (name: string) => readFile(join(world.folder, 'agent', name), 'utf8');
    const identity = { cert: await read('tls.crt'), key: await read('tls.key') };
    const client = createFeedClient({
      port: world.programs.serverPorts[0] ?? 0,
      serverName: 'rolegate-server',
      ca: await read('ca.crt'),
      identity,
    });
    const call = client.feed();
    call.on('error', () => undefined);
    call.write({ nodeName: 'another-node', version: '1' });
    return () => {
      call.cancel();
      client.close();
    };
  },
};

const DAY_MS = 24 * 3_600_000;

const caExpiring: AlertFault = {
  title: "the servers' CA certificate from a file has a day left",
  alerts: ['RolegateAuthorityExpiring'],
  async inject({ world }) {
    const { ca } = world.programs;
    const folder = join(world.folder, 'server');
    const read = (name: string) => readFile(join(folder, name), 'utf8');
    const kept = { cert: await read('tls.crt'), key: await read('tls.key') };
    await writeTlsFiles(folder, { ...kept, ca: await ca.withLife(DAY_MS) });
    return async () => {
      await writeTlsFiles(folder, { ...kept, ca: ca.pem });
    };
  },
};

const sharedIdentity: AlertFault = {
  title: 'a server runs with --agent-identity shared',
  alerts: ['RolegateSharedIdentity'],
  async inject({ world }) {
    await world.servers[1]?.stop();
    await untilReady(world.startServer(1, ['--agent-identity', 'shared']));
    return async () => {
      await world.servers[1]?.stop();
      await untilReady(world.startServer(1));
    };
  },
};

/** Acts now and at each interval. */
export function repeatedly(everyMs: number, act: () => unknown): () => void {
  const timer = setInterval(() => void act(), everyMs);
  void act();
  return () => {
    clearInterval(timer);
  };
}

export const limitRounds: readonly Round[] = [
  [relists],
  [longAnnotations, badResults],
  [longHeads],
  [foreignNode],
  [caExpiring, sharedIdentity],
];
