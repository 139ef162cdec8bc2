import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import { freePort } from './free-port.ts';
import type { Program } from './program.ts';
import { startProgram } from './program.ts';

/** Of the role base ARN; STS stand-ins know no accounts. */
export const ROLE_BASE_ARN = 'arn:aws:iam::123456789012:role/';
export const REGION = 'eu-west-1';
/** The node's own address: the agent's. */
export const NODE_IP = '127.0.0.1';
const SERVER_NAME = 'rolegate-server';

export interface ProgramsOptions {
  /** Where certificates and secrets are written. */
  readonly folder: string;
  readonly serverCount: number;
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly imdsEndpoint: string;
  readonly cniDirectory: string;
  readonly node: string;
  readonly onAgentLine: (line: string) => void;
  readonly onServerLine: (line: string) => void;
}

export interface Programs {
  readonly servers: readonly Program[];
  readonly agent: Program;
  /** Where Pods reach the agent. */
  readonly metadata: { readonly host: string; readonly port: number };
}

/** Starts built servers and a built agent on loopback with certificates made for them; whoever calls stops them. */
export async function startPrograms(
  options: ProgramsOptions,
  started: (program: Program) => void,
): Promise<Programs> {
  const { folder, serverCount, node, onAgentLine, onServerLine } = options;
  const ca = await createTestCa();
  const serverTls = await tlsFlags(join(folder, 'server'), {
    ca: ca.pem,
    ...(await ca.issue({ dns: [SERVER_NAME] })),
  });
  const nodeUri = `spiffe://rolegate/node/${node}`;
  const agentTls = await tlsFlags(join(folder, 'agent'), {
    ca: ca.pem,
    ...(await ca.issue({ uris: [nodeUri] })),
  });
  const tokenSecret = join(folder, 'token-secret');
  await writeFile(tokenSecret, randomBytes(32).toString('hex'), { mode: 0o600 });

  const ports: number[] = [];
  const servers: Program[] = [];
  for (let index = 0; index < serverCount; index++) {
    const [port, opsPort] = [await freePort(), await freePort()];
    const server = startProgram({
      name: 'server',
      opsPort,
      onLine: onServerLine,
      env: { AWS_ACCESS_KEY_ID: 'AKIAROLEGATESERVER00', AWS_SECRET_ACCESS_KEY: 'of the server' },
      args: [
        ...[
          '--kubeconfig',
          options.kubeconfig,
          '--bind',
          `127.0.0.1:${port}`,
          '--prometheus-listen-addr',
          `127.0.0.1:${opsPort}`,
        ],
        ...['--role-base-arn', ROLE_BASE_ARN, '--region', REGION, '--sts-endpoint', options.stsEndpoint],
        ...['--cluster-name', 'sandbox', '--token-secret-file', tokenSecret, ...serverTls],
      ],
    });
    started(server);
    servers.push(server);
    ports.push(port);
  }
  const [port, opsPort] = [await freePort(), await freePort()];
  const agent = startProgram({
    name: 'agent',
    opsPort,
    onLine: onAgentLine,
    args: [
      ...ports.flatMap((serverPort) => ['--server-address', `127.0.0.1:${serverPort}`]),
      ...['--server-name', SERVER_NAME, '--node-name', node, '--host-ip', NODE_IP, '--port', String(port)],
      ...[
        '--imds-endpoint',
        options.imdsEndpoint,
        '--cni-cache-dir',
        options.cniDirectory,
        '--metadata-host',
        NODE_IP,
      ],
      ...['--prometheus-listen-addr', `127.0.0.1:${opsPort}`, '--log-level', 'debug', ...agentTls],
    ],
  });
  started(agent);
  await Promise.all([...servers, agent].map((program) => program.ready()));
  return { servers, agent, metadata: { host: NODE_IP, port } };
}

async function tlsFlags(folder: string, files: { cert: string; key: string; ca: string }): Promise<string[]> {
  const { cert, key, ca } = await writeTlsFiles(folder, files);
  return ['--cert', cert, '--key', key, '--ca', ca];
}
