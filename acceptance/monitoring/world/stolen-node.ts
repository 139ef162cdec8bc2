import { createAgentPeer, NODE_NAME } from '@rolegate/sandbox';
import type { ChaosWorld } from '../../chaos/world.ts';

const CALLS = 5;

/** Asks both servers for the Pods of another node, presents tokens of no agent, and connects without a certificate. */
export async function callAsStolenNode({ programs, authority }: ChaosWorld): Promise<undefined> {
  if (authority === undefined) throw new Error('the servers of this world have no authority');
  const token = authority.token('stolen-node');
  for (const [at, port] of programs.serverPorts.entries()) {
    const peer = createAgentPeer({
      port,
      attestPort: programs.attestPorts[at] ?? 0,
      ca: authority.bundle,
    });
    const stolen = await peer.attest(token);
    for (let call = 0; call < CALLS; call++) {
      const refused = [
        peer.feed({ nodeName: NODE_NAME, version: '0.1.0' }, stolen),
        peer.attest(`no.token.${call}`),
        peer.feed({ nodeName: NODE_NAME, version: '0.1.0' }, undefined),
      ];
      for (const { status } of await Promise.allSettled(refused))
        if (status === 'fulfilled') throw new Error('a server has served a stolen node');
    }
  }
}
