import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerCredentials } from '@rolegate/protocol';
import type { CniResultsDir, KubernetesApi } from '@rolegate/testing';
import type { Manifest } from './manifests.ts';
import { manifestKey } from './manifests.ts';
import type { Relay } from './relay.ts';
import { startRelay } from './relay.ts';
import { NODE_IP } from './program-flags.ts';

export const NODE_NAME = 'sandbox-node';
/** Loopback addresses for the Pods. Linux lets anybody bind any address of 127.0.0.0/8. */
const FIRST_POD = 11;
const LAST_POD = 250;
/** As the chart's policy requests them: after this the Pod would need a new one. Milliseconds. */
const TOKEN_LIFE_MS = 86_400_000;
const podIp = (host: number) => `127.9.0.${host}`;

export interface SandboxPod {
  readonly manifest: Manifest;
  readonly uid: string;
  readonly ip: string;
  readonly hostNetwork: boolean;
  /** A port on 127.0.0.1 through which an SDK reaches the agent as this Pod. */
  readonly port: number;
  /** Its projected ServiceAccount token for container credentials. Undefined without a folder for them. */
  readonly tokenFile: string | undefined;
}

export interface SandboxNode {
  /** Runs the Pod, or changes the annotations of a running one. */
  run(manifest: Manifest, options?: { readonly ip?: string }): Promise<SandboxPod>;
  /** Ends the Pod. Like kubelet, it releases the address before the API object is removed. */
  end(key: string): Promise<void>;
  pod(key: string): SandboxPod | undefined;
  readonly pods: readonly SandboxPod[];
  close(): Promise<void>;
}

export interface SandboxNodeDeps {
  readonly api: Pick<KubernetesApi, 'apply' | 'delete' | 'issueToken'>;
  readonly cni: Pick<CniResultsDir, 'add' | 'remove'>;
  readonly agent: { readonly host: string; readonly port: number };
  /** Where the Pods' ServiceAccount tokens are written, if they get any. */
  readonly tokenFolder?: string;
}

/** Acts as scheduler, kubelet and container runtime for the Pods of one node. */
export function createSandboxNode({ api, cni, agent, tokenFolder }: SandboxNodeDeps): SandboxNode {
  const running = new Map<
    string,
    { readonly pod: SandboxPod; readonly relay: Relay; readonly cniResult: string | undefined }
  >();

  function freeIp(): string {
    const taken = new Set([...running.values()].map(({ pod }) => pod.ip));
    for (let host = FIRST_POD; host <= LAST_POD; host++) if (!taken.has(podIp(host))) return podIp(host);
    throw new Error(`the sandbox has addresses for only ${LAST_POD - FIRST_POD + 1} Pods`);
  }

  async function start(manifest: Manifest, wantedIp: string | undefined): Promise<SandboxPod> {
    const { namespace = 'default', name } = manifest.metadata;
    const uid = randomUUID();
    const hostNetwork = manifest.spec?.['hostNetwork'] === true;
    const ip = hostNetwork ? NODE_IP : (wantedIp ?? freeIp());
    const relay = await startRelay({ from: ip, to: agent });
    const tokenFile = tokenFolder && join(tokenFolder, `${namespace}-${name}`);
    const pod: SandboxPod = { manifest, uid, ip, hostNetwork, port: relay.port, tokenFile };
    // The runtime writes the CNI result before a container starts; status.podIP follows.
    const cniResult = hostNetwork ? undefined : await cni.add({ uid, namespace, name, ips: [ip] });
    running.set(manifestKey(manifest), { pod, relay, cniResult });
    api.apply(asRunning(pod));
    if (tokenFile !== undefined) await writeFile(tokenFile, tokenOf(pod), { mode: 0o600 });
    return pod;
  }

  /** As kubelet requests it for a projected volume. */
  function tokenOf({ manifest: { metadata } }: SandboxPod): string {
    return api.issueToken({
      pod: `${metadata.namespace ?? 'default'}/${metadata.name}`,
      audiences: [containerCredentials.audience],
      endsMs: Date.now() + TOKEN_LIFE_MS,
    });
  }

  return {
    async run(manifest, { ip } = {}) {
      const known = running.get(manifestKey(manifest));
      if (known === undefined) return start(manifest, ip);
      const pod = { ...known.pod, manifest };
      running.set(manifestKey(manifest), { ...known, pod });
      api.apply(asRunning(pod));
      return pod;
    },
    async end(key) {
      const known = running.get(key);
      if (known === undefined) return;
      running.delete(key);
      await known.relay.close();
      if (known.cniResult !== undefined) await cni.remove(known.cniResult);
      if (known.pod.tokenFile !== undefined) await rm(known.pod.tokenFile);
      const { namespace = 'default', name } = known.pod.manifest.metadata;
      api.delete('Pod', namespace, name);
    },
    pod: (key) => running.get(key)?.pod,
    get pods() {
      return [...running.values()].map(({ pod }) => pod);
    },
    async close() {
      await Promise.all([...running.values()].map(({ relay }) => relay.close()));
    },
  };
}

function asRunning({ manifest, uid, ip }: SandboxPod) {
  return {
    ...manifest,
    kind: 'Pod' as const,
    metadata: { ...manifest.metadata, uid },
    spec: { serviceAccountName: 'default', ...manifest.spec, nodeName: NODE_NAME },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}
