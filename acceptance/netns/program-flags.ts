import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { REGION, ROLE_BASE_ARN, SERVER_NAME } from '@rolegate/sandbox';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { NODE, PORTS, STS_URL } from '../network/addresses.ts';
import { NODE_NAME } from '../stand-ins/cluster.ts';

/** User and group of the agent: agent.uid in the chart. */
export const AGENT_USER = 2_100_008_181;
/** User and group of agents of version 0.1. */
export const USER_OF_0_1 = 65_532;

export interface ProgramFiles {
  /** An empty folder for certificates and sockets. */
  readonly folder: string;
  readonly kubeconfig: string;
}

/** Returns the flags of each program and creates the files that they name. */
export async function prepareFlags({ folder, kubeconfig }: ProgramFiles) {
  const ca = await createTestCa();
  const server = await tlsFlags(join(folder, 'server'), ca, { dns: [SERVER_NAME] });
  const names = { uris: [`spiffe://rolegate/node/${NODE_NAME}`] };
  const agent = await tlsFlags(join(folder, 'agent'), ca, names);
  const former = await tlsFlags(join(folder, 'former'), ca, names, USER_OF_0_1);
  const tokenSecret = join(folder, 'token-secret');
  await writeFile(tokenSecret, randomBytes(32).toString('hex'), { mode: 0o600 });
  const [socket, secondSocket] = [join(folder, 'run/cni.sock'), join(folder, 'second/cni.sock')];
  const listeners = join(folder, 'listeners');
  for (const path of [dirname(socket), dirname(secondSocket), listeners]) await mkdir(path);
  await chmod(folder, 0o755);
  const status = join(folder, 'status');
  await mkdir(status);
  await chmod(status, 0o777);

  const rules = ['--host-ip', `${NODE.ipv4},${NODE.ipv6}`, '--port', String(PORTS.agent)];
  const agentFlags = (cniSocket: string, name: string) => [
    '--node-name',
    NODE_NAME,
    ...rules,
    '--cni-socket',
    cniSocket,
    '--log-level',
    'debug',
    '--status-socket',
    statusSocket(status, name),
    '--prometheus-listen-addr',
    `127.0.0.1:${PORTS.agentOps}`,
    '--probe-bind',
    `127.0.0.1:${PORTS.agentProbes}`,
  ];
  const toServer = ['--server-address', `127.0.0.1:${PORTS.server}`, '--server-name', SERVER_NAME];
  const reconcile = (cniSocket: string) => {
    const own = ['--cni-socket', cniSocket, '--listeners-dir', listeners];
    return ['reconcile', ...rules, ...own];
  };
  return {
    sockets: { reconcile: socket, 'second reconcile': secondSocket },
    status,
    server: [...serverFlags(kubeconfig), '--token-secret-file', tokenSecret, ...server],
    agent: [...agentFlags(socket, 'agent'), ...toServer, ...agent],
    'second agent': [...agentFlags(secondSocket, 'second agent'), ...toServer, ...agent],
    'agent 0.1': [...agentFlags(socket, 'agent 0.1'), ...toServer, ...former],
    firewall: ['--mode', 'firewall', ...agentFlags(socket, 'firewall')],
    reconcile: reconcile(socket),
    'second reconcile': reconcile(secondSocket),
    intercept: rules,
    uninstall: [],
  };
}

function serverFlags(kubeconfig: string): string[] {
  return [
    '--bind',
    `127.0.0.1:${PORTS.server}`,
    '--kubeconfig',
    kubeconfig,
    '--cluster-name',
    'netns',
    '--prometheus-listen-addr',
    `127.0.0.1:${PORTS.serverOps}`,
    '--role-base-arn',
    ROLE_BASE_ARN,
    '--probe-bind',
    '127.0.0.1:0',
    '--region',
    REGION,
    '--sts-endpoint',
    STS_URL,
  ];
}

/** The status socket of the named agent. */
export function statusSocket(folder: string, name: string): string {
  return join(folder, `${name.replaceAll(' ', '-')}.sock`);
}

/** The files belong to the agent's user. */
async function tlsFlags(
  folder: string,
  ca: TestCa,
  names: Parameters<TestCa['issue']>[0],
  user = AGENT_USER,
): Promise<string[]> {
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...(await ca.issue(names)) });
  for (const path of [folder, files.cert, files.key, files.ca]) await chown(path, user, user);
  return ['--cert', files.cert, '--key', files.key, '--ca', files.ca];
}
