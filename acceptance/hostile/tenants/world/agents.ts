import { SERVER_NAME } from '@rolegate/sandbox';
import { PORTS } from '../../../network/addresses.ts';
import type { Environment } from '../../cluster/environment.ts';
import { honestNodes } from '../../cluster/honest.ts';
import type { FeedsOptions, ServerPeer } from '../../cluster/calls.ts';

/** Address and identity of a server with certificates from files. */
export function peerOf({ ca }: Pick<Environment, 'ca'>): ServerPeer {
  return { port: PORTS.server, serverName: SERVER_NAME, ca: ca.pem };
}

/** The agents of the honest nodes. */
export async function agentsOf(environment: Pick<Environment, 'ca' | 'identify'>): Promise<FeedsOptions> {
  return { ...peerOf(environment), nodes: await Promise.all(honestNodes.map(environment.identify)) };
}
