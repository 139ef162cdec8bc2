import { runCommand } from '@rolegate/testing';

/** Sockets by their ports: own ones of the local end, and ports of the other end. */
export interface SocketPorts {
  readonly own: readonly number[];
  readonly peers?: readonly number[];
}

/**
 * What the kernel holds for TCP sockets with one of these ports, in the namespace that the command enters: their queues and what is
 * reserved for them. Bytes. Rejects if `ss` fails.
 */
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
 * Adds up `skmem:(r…,rb…,t…,tb…,f…,w…,o…,bl…,d…)` of `ss -m` (ss(8)): received, reserved ahead, queued to send, options, backlog. Without
 * `t`, which is the part of `w` that is on its way, and `rb` and `tb`, which are limits.
 */
export function bytesOfSockets(ss: string): number {
  let bytes = 0;
  for (const [, fields = ''] of ss.matchAll(/skmem:\(([^)]*)\)/g))
    for (const [, name = '', value] of fields.matchAll(/([a-z]+)(\d+)/g))
      if (['r', 'f', 'w', 'o', 'bl'].includes(name)) bytes += Number(value);
  return bytes;
}
