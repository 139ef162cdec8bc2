import { describe, expect, it } from 'vitest';
import { tokenClientOf } from '../../src/container-credentials/token-client.ts';
import { POD_IP, podOf } from '../metadata/served.ts';
import { host, NODE_IP, web } from './served.ts';

describe('The client that pays for a token', () => {
  it('A Pod pays as a Pod of its Namespace, whatever Pod its token claims', () => {
    const caller = { kind: 'pod', pod: web } as const;
    for (const claimed of [web, podOf({ uid: 'uid-2' }), host, undefined])
      expect(tokenClientOf(caller, POD_IP, claimed)).toEqual({ group: web.namespace, name: web.uid });
  });

  it('A Pod pays once for both of its addresses', () => {
    const caller = { kind: 'pod', pod: web } as const;
    expect(tokenClientOf(caller, 'fd00::7', web)).toEqual(tokenClientOf(caller, POD_IP, web));
  });

  it("Each Pod on the host network is a client of its own at the node's addresses", () => {
    for (const caller of [{ kind: 'node' }, { kind: 'unknown', waitsFor: 'a CNI result' }] as const)
      expect(tokenClientOf(caller, NODE_IP, host)).toEqual({ group: host.namespace, name: host.uid });
  });

  it('At other addresses than those of Pods all claims of ordinary Pods are one client', () => {
    const clients = [web, podOf({ uid: 'uid-2' }), undefined].map((claimed) =>
      tokenClientOf({ kind: 'node' }, NODE_IP, claimed),
    );
    expect(new Set(clients.map(({ group, name }) => `${group} ${name}`))).toEqual(new Set([` ${NODE_IP}`]));
  });
});
