import { runCommand } from '@rolegate/testing';

/** Selects sockets by local port or peer port. */
export interface SocketPorts {
  readonly own: readonly number[];
  readonly peers?: readonly number[];
}

/** Kernel memory of the TCP sockets in the network namespace: queued data and reserved memory. Rejects if `ss` fails. */
export async function socketBytes(
  enter: readonly string[],
  { own, peers = [] }: SocketPorts,
): Promise<number> {
  const filter = [...own.map((port) => `sport = :${port}`), ...peers.map((port) => `dport = :${port}`)];
  const { code, stdout, stderr } = await runCommand([
    ...enter,
    'ss',
    '-HOtanm',
    `( ${filter.join(' or ')} )`,
  ]);
  if (code !== 0) throw new Error(`ss: ${stderr.trim()}`);
  return bytesOfSockets(stdout);
}

/**
 * Sums `skmem:(r…,rb…,t…,tb…,f…,w…,o…,bl…,d…)` of `ss -m` (ss(8)): received, reserved, queued to send, options, backlog. Excludes
 * `t`, which is part of `w`, and the limits `rb` and `tb`.
 */
export function bytesOfSockets(ss: string): number {
  let bytes = 0;
  for (const [, fields = ''] of ss.matchAll(/skmem:\(([^)]*)\)/g))
    for (const [, name = '', value] of fields.matchAll(/([a-z]+)(\d+)/g))
      if (['r', 'f', 'w', 'o', 'bl'].includes(name)) bytes += Number(value);
  return bytes;
}
