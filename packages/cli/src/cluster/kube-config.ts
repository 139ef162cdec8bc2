import { existsSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import type { RequestOptions } from 'node:https';
import * as tls from 'node:tls';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import type { Environment } from '@rolegate/runtime';
import { createCredentialPlugin } from './credential-plugin.ts';
import type { PluginSpec } from './credential-plugin.ts';
import { proxyFromEnvironment } from './proxy-from-environment.ts';

/** For a WebSocket, until the API server answers, and until it closes. Milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 500;

export interface KubeConfigChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** The user to impersonate. */
  readonly as: string | undefined;
  readonly env: Environment;
  /** True if credential plugins can ask the user. Defaults to whether stdin is a terminal. */
  readonly isInteractive?: boolean;
}

/**
 * Loads the kubeconfig that kubectl would use, and does with it what kubectl does and the library does not. The library is
 * loaded on demand, because it is large.
 */
export async function loadKubeConfig(choice: KubeConfigChoice): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const { kubeconfig, env, context } = choice;
  const files = kubeconfig === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter) : [kubeconfig];
  const named = files.filter((file) => file !== '');
  if (named.length > 0) loadFiles(config, named, KubeConfig);
  else config.loadFromDefault();
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new Error(`the kubeconfig has no context ${context}; kubectl config get-contexts lists them`);
    config.setCurrentContext(context);
  }
  complete(config, choice);
  return config;
}

/** Like kubectl, skips files that do not exist as long as there is one. Of entries with one name, the first counts. */
function loadFiles(config: KubeConfig, files: readonly string[], Config: new () => KubeConfig): void {
  const existing = files.filter((file) => existsSync(file));
  if (existing.length === 0) throw new Error(`the kubeconfig ${files.join(', ')} does not exist`);
  const loaded = existing.map((file) => loadFile(new Config(), file));
  config.loadFromOptions({
    clusters: firstOfEach(loaded.flatMap(({ clusters }) => clusters)),
    users: firstOfEach(loaded.flatMap(({ users }) => users)),
    contexts: firstOfEach(loaded.flatMap(({ contexts }) => contexts)),
    currentContext: loaded.map((one) => one.getCurrentContext()).find((name) => name) ?? '',
  });
}

function firstOfEach<Entry extends { readonly name: string }>(entries: readonly Entry[]): readonly Entry[] {
  const byName = new Map<string, Entry>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}

function loadFile(config: KubeConfig, file: string): KubeConfig {
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new Error(`cannot read the kubeconfig ${file}`, { cause });
  }
  config.users = config.users.map((user) => withPluginBeside(user, file));
  return config;
}

/** The command of a credential plugin is relative to the kubeconfig, unless it is looked up on PATH. */
function withPluginBeside(user: User, file: string): User {
  const exec = pluginOf(user);
  if (exec === undefined || !/[/\\]/.test(exec.command)) return user;
  return { ...user, exec: { ...exec, command: resolve(dirname(file), exec.command) } };
}

function pluginOf({ exec }: User): PluginSpec | undefined {
  const spec = exec as PluginSpec | null | undefined;
  return typeof spec?.command === 'string' ? spec : undefined;
}

/** Keeps only the current context, and completes it. */
function complete(
  config: KubeConfig,
  { as, env, isInteractive = process.stdin.isTTY }: KubeConfigChoice,
): void {
  const context = config.getContextObject(config.getCurrentContext());
  const given = config.getCurrentCluster();
  // The library's last resort, which kubectl calls "connection to the server localhost:8080 was refused".
  if (context === null || given === null || given.server === 'http://localhost:8080')
    throw new Error('no cluster: there is no kubeconfig, or its current-context names none; set KUBECONFIG');
  const cluster = completeCluster(given, env);
  if (cluster.caData === undefined && cluster.caFile === undefined) trustAuthoritiesOfSystem();
  // Without a user, requests have no credentials, as through `kubectl proxy`.
  const user: User = config.getCurrentUser() ?? { name: '' };
  config.loadFromOptions({
    clusters: [cluster],
    users: [{ ...user, exec: undefined, impersonateUser: as ?? user.impersonateUser }],
    contexts: [{ ...context, user: user.name }],
    currentContext: context.name,
  });
  const spec = pluginOf(user);
  if (spec === undefined) return;
  const credentials = createCredentialPlugin(spec, { cluster, env, isInteractive });
  config.addAuthenticator({
    isAuthProvider: () => true,
    applyAuthentication: async (_user, options) => {
      const { authorization, cert, key } = await credentials();
      const { headers = {} } = options as RequestOptions;
      if (authorization !== undefined) Object.assign(headers, { Authorization: authorization });
      Object.assign(options, { headers });
      if (cert !== undefined && key !== undefined) Object.assign(options, { cert, key });
    },
  });
}

/** The library refuses plain HTTP, which `kubectl proxy` speaks, and knows only the proxy of the kubeconfig. */
function completeCluster(cluster: Cluster, env: Environment): Cluster {
  const { server, skipTLSVerify, proxyUrl = proxyFromEnvironment(server, env) } = cluster;
  return {
    ...cluster,
    skipTLSVerify: skipTLSVerify || server.startsWith('http:'),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  };
}

/** kubectl trusts them if the kubeconfig names no authority; Node.js only its own. Before 24.5, Node.js cannot. */
function trustAuthoritiesOfSystem(): void {
  const { getCACertificates, setDefaultCACertificates } = tls as Partial<typeof tls>;
  if (getCACertificates === undefined) return;
  setDefaultCACertificates?.([...getCACertificates('default'), ...getCACertificates('system')]);
}

/** For `Exec`, whose WebSocket would wait half a minute for a close and forever for an answer, and keep the process running. */
export function withTimeouts(config: KubeConfig, timeoutMs = HANDSHAKE_TIMEOUT_MS): KubeConfig {
  const timed = Object.create(config) as KubeConfig;
  timed.applyToHTTPSOptions = async (options) => {
    await config.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout: timeoutMs, closeTimeout: CLOSE_TIMEOUT_MS });
  };
  return timed;
}
