import { mkdir, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, outputOf } from '@rolegate/testing';
import { METADATA } from '../../../network/addresses.ts';
import { restartAgent } from '../fault.ts';
import type { AlertFault, Round } from '../fault.ts';
import { repeatedly } from './limit-faults.ts';

const reconcileKilled: AlertFault = {
  title: "the node's reconcile is killed and does not start again",
  alerts: ['RolegateInterceptionUnknown'],
  async inject({ reconcile }) {
    await reconcile.kill();
    return () => reconcile.restart();
  },
};

const foughtOver: AlertFault = {
  title: 'another program flushes the nat chain of Rolegate every second',
  alerts: ['RolegateInterceptionFoughtOver'],
  inject: () => repeatedly(1_000, () => outputOf(['iptables-nft', '-t', 'nat', '-F', 'ROLEGATE'])),
};

const kiam = [
  '-d',
  METADATA.ipv4,
  '-p',
  'tcp',
  '--dport',
  '80',
  '-j',
  'DNAT',
  '--to-destination',
  '10.0.1.23:8181',
];

const foreignRule: AlertFault = {
  title: 'the node has a rule of kiam for 169.254.169.254',
  alerts: ['RolegateForeignRules'],
  async inject() {
    await outputOf(['iptables-nft', '-t', 'nat', '-A', 'PREROUTING', ...kiam]);
    return async () => {
      await outputOf(['iptables-nft', '-t', 'nat', '-D', 'PREROUTING', ...kiam]);
    };
  },
};

const foreignListener: AlertFault = {
  title: "another process listens on the agent's port",
  alerts: ['RolegateForeignListener'],
  async inject({ world }) {
    const server = createServer((socket) => socket.destroy());
    const { host, port } = world.programs.metadata;
    await once(server.listen({ host, port, reusePort: true }), 'listening');
    return () => {
      server.close();
    };
  },
};

const INSTALLED = { withinMs: 10_000, everyMs: 100 };

/** Legacy tables have a lock, which another program can hold. */
const layerLost: AlertFault = {
  title: 'another program holds the xtables lock, and the nat chain of Rolegate is flushed',
  alerts: ['RolegateInterceptionLayerLost'],
  async inject(cluster) {
    const lock = join(cluster.world.folder, 'xtables.lock');
    await cluster.reconcile.restart({
      env: { XTABLES_LOCKFILE: lock },
      flags: ['--iptables-backend', 'legacy'],
    });
    const other = { env: { ...process.env, XTABLES_LOCKFILE: `${lock}.other` } };
    const flush = ['iptables-legacy', '-t', 'nat', '-F', 'ROLEGATE'];
    await eventually(() => outputOf([...flush.slice(0, 3), '-S', 'ROLEGATE'], other), INSTALLED);
    const holder = spawn('flock', ['--no-fork', lock, 'sleep', '600'], { stdio: 'ignore' });
    await outputOf(flush, other);
    return async () => {
      holder.kill();
      await cluster.reconcile.restart();
    };
  },
};

const noModule: AlertFault = {
  title: 'iptables of the node lacks xt_hashlimit',
  alerts: ['RolegateConnectionsNotLimited'],
  async inject(cluster) {
    const folder = join(cluster.world.folder, 'xtables');
    await mkdir(folder);
    const installed = '/usr/lib/x86_64-linux-gnu/xtables';
    await outputOf(['sh', '-c', `cp ${installed}/*.so ${folder} && rm ${folder}/libxt_hashlimit.so`]);
    await outputOf(['iptables-nft', '-F', 'ROLEGATE-INPUT']);
    await cluster.reconcile.restart({ env: { XTABLES_LIBDIR: folder } });
    return () => cluster.reconcile.restart();
  },
};

const noResults: AlertFault = {
  title: 'the runtime keeps no CNI results',
  alerts: ['RolegateIpsByPodStatus'],
  async inject(cluster) {
    await cluster.reconcile.restart({ cniDirectory: '/nonexistent/cni' });
    return () => cluster.reconcile.restart();
  },
};

const imdsv1: AlertFault = {
  title: 'the instance allows IMDSv1',
  alerts: ['RolegateNodeImdsv1Open'],
  async inject(cluster) {
    const { imds } = cluster.world;
    imds.tokensRequired(false);
    await restartAgent(cluster);
    return async () => {
      imds.tokensRequired(true);
      await restartAgent(cluster);
    };
  },
};

const AHEAD_MS = 90_000;

const clock: AlertFault = {
  title: "the node's clock is 90 seconds ahead",
  alerts: ['RolegateClockSkew'],
  async inject(cluster) {
    const script = join(cluster.world.folder, 'ahead.mjs');
    await writeFile(script, `const now = Date.now; Date.now = () => now() + ${AHEAD_MS};\n`);
    await restartAgent(cluster, { env: { NODE_OPTIONS: `--import=${script}` } });
    return () => restartAgent(cluster);
  },
};

export const nodeRounds: readonly Round[] = [
  [reconcileKilled],
  [foreignListener],
  [foughtOver],
  [layerLost],
  [noModule],
  [noResults],
  [foreignRule, imdsv1],
  [clock],
];
