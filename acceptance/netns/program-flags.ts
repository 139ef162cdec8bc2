import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { REGION, ROLE_BASE_ARN, SERVER_NAME } from '@rolegate/sandbox';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { NODE, PORTS, STS_URL } from '../network/addresses.ts';
import { NODE_NAME } from '../stand-ins/cluster.ts';

/** The user that the agent runs as, and its group: the chart's agent.uid. */
export const AGENT_USER = 2_100_008_181;
/** That of agents of 0.1. */
export const FORMER_USER = 65_532;

export interface ProgramFiles {
  /** Empty; certificates and sockets are put there. */
  readonly folder: string;
  readonly kubeconfig: string;
}

/** The flags of each program, with the files that they name. */
export async function prepareFlags({ folder, kubeconfig }: ProgramFiles) {
  const ca = await createTestCa();
  const server = await tlsFlags(join(folder, 'server'), ca, { dns: [SERVER_NAME] });
  const names = { uris: [`spiffe://rolegate/node/${NODE_NAME}`] };
  const agent = await tlsFlags(join(folder, 'agent'), ca, names);
  const former = await tlsFlags(join(folder, 'former'), ca, names, FORMER_USER);
  const tokenSecret = join(folder, 'token-secret');
  await writeFile(tokenSecret, randomBytes(32).toString('hex'), { mode: 0o600 });
  const [socket, besideSocket] = [join(folder, 'run/cni.sock'), join(folder, 'beside/cni.sock')];
  const listeners = join(folder, 'listeners');
  for (const path of [dirname(socket), dirname(besideSocket), listeners]) await mkdir(path);
  await chmod(folder, 0o755);
  const status = join(folder, 'status');
  await mkdir(status);
  await chmod(status, 0o777);

  const rules = ['--host-ip', `${NODE.ipv4},${NODE.ipv6}`, '--port', String(PORTS.agent)];
  const answering = (cniSocket: string, name: string) => [
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
    sockets: { reconcile: socket, 'reconcile beside': besideSocket },
    status,
    server: [...serverFlags(kubeconfig), '--token-secret-file', tokenSecret, ...server],
    agent: [...answering(socket, 'agent'), ...toServer, ...agent],
    'agent beside': [...answering(besideSocket, 'agent beside'), ...toServer, ...agent],
    'agent of 0.1': [...answering(socket, 'agent of 0.1'), ...toServer, ...former],
    firewall: ['--mode', 'firewall', ...answering(socket, 'firewall')],
    reconcile: reconcile(socket),
    'reconcile beside': reconcile(besideSocket),
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

/** Of an agent by its name. */
export function statusSocket(folder: string, name: string): string {
  return join(folder, `${name.replaceAll(' ', '-')}.sock`);
}

/** Readable for the agent, whoever made them. */
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
