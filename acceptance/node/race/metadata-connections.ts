import { eventually } from '@rolegate/testing';
import { IMAGES } from '../images.ts';
import { NAMESPACE } from '../installation.ts';
import type { Kubectl } from '../kubectl.ts';
import { containerOf, podOn } from '../node-pods.ts';
import { parseJson } from '../parse-json.ts';

const WATCHER = 'metadata-connections';

/** A request as the node's network stack saw it. Seconds since the epoch. */
export interface MetadataRequest {
  /** Method and path. */
  readonly request: string;
  /** When it arrived. */
  readonly sent: number;
  /** When the first byte of the answer left. Undefined: there was none. */
  readonly answered?: number;
  readonly status?: number;
}

/** Written by client/metadata_connections.py. Seconds since the epoch. */
export interface MetadataConnection {
  readonly ip: string;
  readonly port: number;
  readonly opened: number;
  /** Undefined: it was not. */
  readonly accepted?: number;
  readonly exchanges: readonly MetadataRequest[];
  readonly closed?: { readonly by: 'client' | 'agent'; readonly at: number };
}

/** Watches the connections of Pods to the metadata API, in a host-network Pod. IPv4 only. */
export function createConnectionWatcher({ kubectl, node }: { kubectl: Kubectl; node: string }) {
  const log = () => kubectl.call(['-n', NAMESPACE, 'logs', WATCHER]);
  const remove = () => kubectl.remove('-n', NAMESPACE, 'pod', WATCHER);
  return {
    async start(): Promise<void> {
      await remove();
      await kubectl.apply([watcherPod(node)]);
      const isWatching = async () => {
        if (!(await log()).includes('watching')) throw new Error(`${WATCHER} does not watch`);
      };
      await eventually(isWatching, { withinMs: 60_000, everyMs: 500 });
    },
    /** All that have ended, or were silent for some seconds. */
    read: async (): Promise<readonly MetadataConnection[]> =>
      (await log()).split('\n').flatMap((line) => {
        const connection = parseJson(line) as MetadataConnection | undefined;
        return connection?.ip === undefined ? [] : [connection];
      }),
    remove,
  };
}

function watcherPod(node: string) {
  const container = containerOf({
    name: WATCHER,
    image: IMAGES.client,
    command: ['python3', '-u', '/app/metadata_connections.py'],
    capabilities: ['NET_ADMIN', 'NET_RAW'],
  });
  return podOn(node, { name: WATCHER, spec: { hostNetwork: true, containers: [container] } });
}
