import { SERVER_NAME } from '@rolegate/sandbox';
import { PORTS } from '../../../network/addresses.ts';
import type { Ground } from '../../cluster/ground.ts';
import { honestNodes } from '../../cluster/honest.ts';
import type { FeedsOrder, ServerPeer } from '../../cluster/orders.ts';

/** Where agents find a server whose certificates come from files. */
export function peerOf({ ca }: Pick<Ground, 'ca'>): ServerPeer {
  return { port: PORTS.server, serverName: SERVER_NAME, ca: ca.pem };
}

/** The honest nodes' agents. */
export async function agentsOf(ground: Pick<Ground, 'ca' | 'identify'>): Promise<FeedsOrder> {
  return { ...peerOf(ground), nodes: await Promise.all(honestNodes.map(ground.identify)) };
}
