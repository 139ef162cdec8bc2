import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Pod's network as written by the runtime's CNI library. */
export interface FakeCniResult {
  /** Absent if the runtime does not pass K8S_POD_UID to its CNI plugins. */
  readonly uid?: string;
  readonly namespace: string;
  readonly name: string;
  /** Addresses without prefix length. */
  readonly ips: readonly string[];
  readonly ifName?: string;
  readonly network?: string;
  /** ID of the Pod sandbox. By default made from the Pod. */
  readonly containerId?: string;
  readonly cniVersion?: '0.2.0' | '0.4.0' | '1.0.0';
  /** Annotations that containerd passes to the plugins. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CniResultsDir {
  /** Path of the directory, for the agent. */
  readonly path: string;
  /** Writes a result, as before a Pod's containers start. Resolves with the file's path. */
  readonly add: (result: FakeCniResult) => Promise<string>;
  /** Writes the file for the loopback interface that each sandbox has. Resolves with its path. */
  readonly addLoopback: (result: FakeCniResult) => Promise<string>;
  /** Releases the address. */
  readonly remove: (path: string) => Promise<void>;
  /** Writes half a file, as an early reader may see it. `finish` completes it. */
  readonly writeHalf: (result: FakeCniResult) => Promise<{ path: string; finish: () => Promise<void> }>;
  /** Writes any content. Resolves with the file's path. */
  readonly writeRaw: (fileName: string, content: string | Buffer) => Promise<string>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Makes a temporary directory of CNI results in libcni's format (containernetworking/cni, libcni/api.go). */
export async function createCniResultsDir({
  parent = tmpdir(),
}: { readonly parent?: string } = {}): Promise<CniResultsDir> {
  const root = await mkdtemp(join(parent, 'cni-'));
  const path = join(root, 'results');
  await mkdir(path, { mode: 0o700 });

  async function writeRaw(fileName: string, content: string | Buffer): Promise<string> {
    const file = join(path, fileName);
    // Written in place and not renamed, so that a reader can see a part of it.
    await writeFile(file, content, { mode: 0o600 });
    return file;
  }

  return {
    path,
    add: (result) => writeRaw(fileName(result), cachedText(result)),
    addLoopback: (result) => writeRaw(fileName(loopback(result)), cachedText(loopback(result))),
    remove: (file) => rm(file),
    async writeHalf(result) {
      const text = cachedText(result);
      const file = await writeRaw(fileName(result), text.slice(0, text.length / 2));
      return {
        path: file,
        finish: async () => {
          await writeRaw(fileName(result), text);
        },
      };
    },
    writeRaw,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

function loopback(result: FakeCniResult): FakeCniResult {
  return { ...result, network: 'cni-loopback', ifName: 'lo', ips: ['127.0.0.1', '::1'] };
}

function fileName(result: FakeCniResult): string {
  return `${result.network ?? 'podnet'}-${containerIdOf(result)}-${result.ifName ?? 'eth0'}`;
}

function containerIdOf({ uid, namespace, name, containerId }: FakeCniResult): string {
  return (
    containerId ??
    createHash('sha256')
      .update(`${namespace}/${name}/${uid ?? ''}`)
      .digest('hex')
  );
}

/** One line of JSON, with the fields in the order of libcni's cachedInfo. */
function cachedText(result: FakeCniResult): string {
  const { uid, namespace, name, cniVersion = '1.0.0', network = 'podnet', ifName = 'eth0' } = result;
  const containerId = containerIdOf(result);
  const config = { cniVersion, name: network, plugins: [{ type: 'ptp', ipam: { type: 'host-local' } }] };
  return JSON.stringify({
    kind: 'cniCacheV1',
    containerId,
    config: Buffer.from(JSON.stringify(config)).toString('base64'),
    ifName,
    networkName: network,
    netns: `/var/run/netns/cni-${containerId.slice(0, 12)}`,
    cniArgs: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', namespace],
      ['K8S_POD_NAME', name],
      ['K8S_POD_INFRA_CONTAINER_ID', containerId],
      ...(uid === undefined ? [] : [['K8S_POD_UID', uid]]),
    ],
    capabilityArgs: {
      dns: { Servers: ['10.96.0.10'] },
      'io.kubernetes.cri.pod-annotations': result.annotations ?? {},
    },
    result: { cniVersion, dns: {}, ...addresses(result, containerId) },
  });
}

/** The three formats of the CNI specification's history. */
function addresses(
  { ips, ifName = 'eth0', cniVersion = '1.0.0' }: FakeCniResult,
  containerId: string,
): object {
  if (cniVersion === '0.2.0') {
    const v4 = ips.find((ip) => !isV6(ip));
    const v6 = ips.find(isV6);
    return { ...(v4 && { ip4: { ip: `${v4}/24` } }), ...(v6 && { ip6: { ip: `${v6}/64` } }) };
  }
  return {
    interfaces: [
      { name: `veth${containerId.slice(0, 8)}`, mac: '0a:00:00:00:00:01' },
      { name: ifName, mac: '0a:00:00:00:00:02', sandbox: `/var/run/netns/cni-${containerId.slice(0, 12)}` },
    ],
    ips: ips.map((ip) => ({
      ...(cniVersion === '0.4.0' && { version: isV6(ip) ? '6' : '4' }),
      interface: 1,
      address: `${ip}/${isV6(ip) ? 64 : 24}`,
    })),
    routes: [{ dst: '0.0.0.0/0' }],
  };
}

function isV6(ip: string): boolean {
  return ip.includes(':');
}
