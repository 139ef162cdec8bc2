import type { HostPort } from '@rolegate/runtime';
import { SERVER_NAME } from './identity-flags.ts';

/** The account of the role base ARN. The STS stand-in has no accounts. */
export const ROLE_BASE_ARN = 'arn:aws:iam::123456789012:role/';
/** As in the IMDS stand-in. */
export const REGION = 'eu-central-1';
/** The node's address, on which the agent listens. */
export const NODE_IP = '127.0.0.1';

/** On 127.0.0.1. */
export interface ProgramPorts {
  readonly port: number;
  readonly opsPort: number;
}

export interface ServerFlagsOptions {
  readonly clusterName: string;
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  /** False: the server has no role base ARN and detects it through STS. */
  readonly knowsBaseArn?: boolean;
}

/** The flags of a server on loopback, without those for its identity. */
export function serverFlags(
  { clusterName, kubeconfig, stsEndpoint, knowsBaseArn = true }: ServerFlagsOptions,
  { port, opsPort }: ProgramPorts,
): string[] {
  return [
    '--bind',
    `127.0.0.1:${port}`,
    '--prometheus-listen-addr',
    `127.0.0.1:${opsPort}`,
    '--probe-bind',
    '127.0.0.1:0',
    '--kubeconfig',
    kubeconfig,
    '--cluster-name',
    clusterName,
    ...(knowsBaseArn ? ['--role-base-arn', ROLE_BASE_ARN] : []),
    '--region',
    REGION,
    '--sts-endpoint',
    stsEndpoint,
  ];
}

export interface AgentFlagsOptions {
  readonly node: string;
  readonly serverPorts: readonly number[];
  readonly imdsEndpoint: string;
  readonly cniDirectory: string;
  /** Of `reconcile`, which then reads the directory for the agent. */
  readonly cniSocket?: string | undefined;
  readonly logLevel: string;
}

/** The flags of an agent on loopback, without those for its identity. */
export function agentFlags(
  { node, serverPorts, imdsEndpoint, cniDirectory, cniSocket, logLevel }: AgentFlagsOptions,
  { port, opsPort }: ProgramPorts,
): string[] {
  return [
    ...serverPorts.flatMap((serverPort) => ['--server-address', `127.0.0.1:${serverPort}`]),
    '--server-name',
    SERVER_NAME,
    '--node-name',
    node,
    '--host-ip',
    NODE_IP,
    '--port',
    String(port),
    '--imds-endpoint',
    imdsEndpoint,
    ...(cniSocket === undefined ? ['--cni-cache-dir', cniDirectory] : ['--cni-socket', cniSocket]),
    '--prometheus-listen-addr',
    `127.0.0.1:${opsPort}`,
    '--log-level',
    logLevel,
    '--probe-bind',
    '127.0.0.1:0',
  ];
}

/** Additional flags of an agent that serves container credentials on loopback. */
export function containerCredentialsFlags({ host, port }: HostPort): string[] {
  return ['--container-credentials', '--container-credentials-bind', `${host}:${port}`];
}
