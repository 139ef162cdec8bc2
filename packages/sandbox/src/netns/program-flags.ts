import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { REGION, ROLE_BASE_ARN, SERVER_NAME } from '../start-programs.ts';
import { NODE, PORTS, STS_URL } from './addresses.ts';
import { NODE_NAME } from './cluster.ts';

/** The user that the agent runs as, and its group. */
export const NOBODY = 65_532;

export interface ProgramFiles {
  /** Empty; certificates and sockets are put there. */
  readonly folder: string;
  readonly kubeconfig: string;
}

/** The flags of each program, with the files that they name. */
export async function prepareFlags({ folder, kubeconfig }: ProgramFiles) {
  const ca = await createTestCa();
  const server = await tlsFlags(join(folder, 'server'), ca, { dns: [SERVER_NAME] });
  const agent = await tlsFlags(join(folder, 'agent'), ca, { uris: [`spiffe://rolegate/node/${NODE_NAME}`] });
  const tokenSecret = join(folder, 'token-secret');
  await writeFile(tokenSecret, randomBytes(32).toString('hex'), { mode: 0o600 });
  const socket = join(folder, 'run/cni.sock');
  await mkdir(dirname(socket));
  await chmod(folder, 0o755);

  const rules = ['--host-ip', `${NODE.ipv4},${NODE.ipv6}`, '--port', String(PORTS.agent)];
  const answering = [
    ...['--node-name', NODE_NAME, ...rules, '--cni-socket', socket, '--log-level', 'debug'],
    ...['--prometheus-listen-addr', `127.0.0.1:${PORTS.agentOps}`],
    ...['--probe-bind', `127.0.0.1:${PORTS.agentProbes}`],
  ];
  return {
    socket,
    server: [
      ...['--bind', `127.0.0.1:${PORTS.server}`, '--kubeconfig', kubeconfig, '--cluster-name', 'netns'],
      ...['--prometheus-listen-addr', `127.0.0.1:${PORTS.serverOps}`, '--role-base-arn', ROLE_BASE_ARN],
      '--probe-bind',
      '127.0.0.1:0',
      ...['--region', REGION, '--sts-endpoint', STS_URL, '--token-secret-file', tokenSecret, ...server],
    ],
    agent: [
      ...[...answering, '--server-address', `127.0.0.1:${PORTS.server}`, '--server-name', SERVER_NAME],
      ...agent,
    ],
    firewall: ['--mode', 'firewall', ...answering],
    reconcile: ['reconcile', ...rules, '--cni-socket', socket],
    intercept: rules,
    uninstall: [],
  };
}

/** Readable for the agent, whoever made them. */
async function tlsFlags(
  folder: string,
  ca: TestCa,
  names: Parameters<TestCa['issue']>[0],
): Promise<string[]> {
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...(await ca.issue(names)) });
  for (const path of [folder, files.cert, files.key, files.ca]) await chown(path, NOBODY, NOBODY);
  return ['--cert', files.cert, '--key', files.key, '--ca', files.ca];
}
