import { setTimeout } from 'node:timers/promises';
import { containerCredentials } from '@rolegate/protocol';
import { createIssuerKey, issueServiceAccountToken } from '@rolegate/testing';
import type { Recover } from '../../chaos/port-faults.ts';
import type { ChaosWorld } from '../../chaos/world.ts';
import { createPodCalls } from '../../pod-calls/pod-call.ts';

/** Pause between two requests of a Pod. Milliseconds. */
const PAUSE_MS = 400;
/** Requests with the same token. kubelet renews it only after hours. */
const REQUESTS_PER_TOKEN = 10;

/** A Pod that requests container credentials. */
interface TokenPod {
  readonly name: string;
  readonly role: string;
  readonly hostNetwork?: boolean;
  /** The Pod of the token that it shows, by default its own. */
  readonly tokenOf?: string;
}

const tokenPods: readonly TokenPod[] = [
  { name: 'on-host', role: 'app-20', hostNetwork: true },
  { name: 'by-token', role: 'app-21' },
  // Refused.
  { name: 'thief', role: 'app-22', tokenOf: 'by-token' },
];

const forger: TokenPod = { name: 'forger', role: 'app-23' };

/** Starts Pods that keep requesting container credentials. Closed with the stack. */
export async function startTokenPods(world: ChaosWorld, stack: AsyncDisposableStack): Promise<void> {
  for (const pod of tokenPods) {
    const from = await start(world, pod);
    const stop = keepAsking(world, from, () => tokenOf(world, pod.tokenOf ?? pod.name));
    stack.defer(stop);
  }
}

/** A Pod shows tokens with its own claims, signed by a key that the API server does not know. */
export async function showForgedTokens(world: ChaosWorld): Promise<Recover> {
  const from = await start(world, forger);
  const key = createIssuerKey();
  return keepAsking(world, from, () => {
    const [, claims = ''] = tokenOf(world, forger.name).split('.');
    return issueServiceAccountToken(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object, key);
  });
}

/** Starts the Pod and returns its address. */
async function start(
  { node }: Pick<ChaosWorld, 'node'>,
  { name, role, hostNetwork = false }: TokenPod,
): Promise<string> {
  const annotations = { 'iam.amazonaws.com/role': role };
  const { ip } = await node.run({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'app', name, annotations },
    spec: { hostNetwork },
  });
  return ip;
}

function tokenOf({ api }: Pick<ChaosWorld, 'api'>, name: string): string {
  return api.issueToken({ pod: `app/${name}`, audiences: [containerCredentials.audience] });
}

/** Returns a function that stops it. */
function keepAsking(
  { programs }: Pick<ChaosWorld, 'programs'>,
  ip: string,
  newToken: () => string,
): () => Promise<void> {
  const calls = createPodCalls({ ip, agent: programs.containerCredentials });
  const stop = new AbortController();

  async function ask(): Promise<void> {
    let authorization = newToken();
    for (let request = 1; !stop.signal.aborted; request++) {
      await calls.call(containerCredentials.path, { headers: { authorization } });
      await setTimeout(PAUSE_MS);
      if (request % REQUESTS_PER_TOKEN === 0) authorization = newToken();
    }
    calls.close();
  }

  const asking = ask();
  return async () => {
    stop.abort();
    await asking;
  };
}
