import { isIPv6 } from 'node:net';
import type { RunCommand } from './commands.ts';
import { metadataAddresses } from './metadata-addresses.ts';

/** What the kernel would do with a Pod's packet to the metadata address, rules of netfilter aside. */
export type KernelAnswer =
  | { readonly kind: 'prohibited' }
  /** It would be sent on: the route layer denies nothing. */
  | { readonly kind: 'routed'; readonly route: string }
  /** It cannot be asked for this address, e.g. because the Pod has just gone. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks by `ip route get`, as if the packet came in by the Pod's interface. Nothing is sent. */
export async function askKernel(
  run: RunCommand,
  podIp: string,
  excluded: readonly string[],
): Promise<KernelAnswer> {
  const family = isIPv6(podIp) ? 'ipv6' : 'ipv4';
  const flag = family === 'ipv6' ? '-6' : '-4';
  const toPod = await run('ip', [flag, 'route', 'get', podIp]);
  const device = / dev (\S+)/.exec(toPod.stdout)?.[1];
  if (toPod.code !== 0 || device === undefined) return { kind: 'unknown', why: toPod.stderr };
  if (device === 'lo' || excluded.includes(device)) return { kind: 'unknown', why: `it is behind ${device}` };
  const to = metadataAddresses[family];
  const { code, stdout, stderr } = await run('ip', [flag, 'route', 'get', to, 'from', podIp, 'iif', device]);
  // EACCES is what a prohibit rule answers (ip-rule(8)).
  if (stderr.includes('Permission denied') || stdout.startsWith('prohibit')) return { kind: 'prohibited' };
  return code === 0 && stdout !== ''
    ? { kind: 'routed', route: stdout.trim() }
    : { kind: 'unknown', why: stderr };
}
