import { spawn } from 'node:child_process';
import type { Cluster } from '@kubernetes/client-node';
import type { Environment } from '@rolegate/runtime';
import { parseJson, record, textOf } from '@rolegate/runtime';

/** More output than this is not a credential. Bytes. */
const LONGEST_OUTPUT = 1024 * 1024;
/** Credentials with less life are requested again. Milliseconds. */
const RENEW_BEFORE_MS = 10_000;
const DEFAULT_API_VERSION = 'client.authentication.k8s.io/v1';

/** `users[].user.exec` of a kubeconfig. */
export interface PluginSpec {
  readonly command: string;
  readonly apiVersion?: string | null;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly interactiveMode?: string | null;
  readonly provideClusterInfo?: boolean | null;
  readonly installHint?: string | null;
}

export interface PluginDeps {
  readonly cluster: Cluster;
  readonly env: Environment;
  /** True if the user can answer questions. */
  readonly isInteractive: boolean;
}

/** What requests need of a plugin's credentials, under the names of node:https. */
export interface PluginCredentials {
  readonly authorization: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Runs the credential plugin of a kubeconfig as kubectl does
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). The library's own
 * does not tell the plugin what it is run for, hides what it asks the user, and starts it for each of the requests that
 * begin together.
 */
export function createCredentialPlugin(spec: PluginSpec, deps: PluginDeps): () => Promise<PluginCredentials> {
  let known: Credential | undefined;
  let running: Promise<Credential> | undefined;
  return async () => {
    if (known !== undefined && known.expiresMs - Date.now() > RENEW_BEFORE_MS) return known;
    running ??= run(spec, deps).finally(() => {
      running = undefined;
    });
    known = await running;
    return known;
  };
}

interface Credential extends PluginCredentials {
  /** Infinity: the plugin named no time. Milliseconds since the epoch. */
  readonly expiresMs: number;
}

async function run(spec: PluginSpec, { cluster, env, isInteractive }: PluginDeps): Promise<Credential> {
  const { command, args, apiVersion, interactiveMode, installHint } = spec;
  const interactive = isInteractive && interactiveMode !== 'Never';
  const info = {
    apiVersion: apiVersion ?? DEFAULT_API_VERSION,
    kind: 'ExecCredential',
    spec: { interactive, ...(spec.provideClusterInfo === true ? { cluster: clusterInfo(cluster) } : {}) },
  };
  const child = spawn(command, [...(args ?? [])], {
    env: {
      ...env,
      ...Object.fromEntries((spec.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
    // What it says is for the user, for example where to log in.
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > LONGEST_OUTPUT) child.kill();
  });
  const ended = await new Promise<string>((resolve) => {
    child.once('error', ({ message }) => {
      resolve(`cannot be run: ${message}${textOf(installHint) === '' ? '' : `; ${textOf(installHint)}`}`);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? '' : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  if (ended !== '') throw new Error(`the credential plugin ${command} ${ended}`);
  return read(output, command);
}

/** The part of the kubeconfig that plugins may use. */
function clusterInfo({ server, tlsServerName, skipTLSVerify, caData, proxyUrl }: Cluster): object {
  return {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': skipTLSVerify ? true : undefined,
    'certificate-authority-data': caData,
    'proxy-url': proxyUrl,
    config: null,
  };
}

function read(output: string, command: string): Credential {
  const status = record(record(parseJson(output))['status']);
  const [token, cert, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((name) => {
    const value = textOf(status[name]);
    return value === '' ? undefined : value;
  });
  if (token === undefined && (cert === undefined || key === undefined))
    throw new Error(`the credential plugin ${command} printed no token and no certificate`);
  const expires = textOf(status['expirationTimestamp']);
  return {
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    cert,
    key,
    expiresMs: expires === '' ? Infinity : Date.parse(expires),
  };
}
