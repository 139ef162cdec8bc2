import { formatHostPort } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';
import type { ServerAddress, ServerAddresses } from '../feed/server-addresses.ts';
import type { AttestationFailure } from './failure.ts';

/** A port of one server at which a certificate can be had. */
export interface AttestPort {
  readonly kind: 'attestation' | 'feed';
  readonly address: ServerAddress;
  /** What the agent shows beside its token. */
  readonly shows: 'certificate' | 'nothing';
}

/** Where servers have one of their ports. */
export interface PortAddresses {
  readonly servers: readonly HostPort[];
  readonly addresses: ServerAddresses;
}

export interface AttestPortsDeps {
  /** 9611: whoever has a token only. */
  readonly attestation: PortAddresses;
  /** 9610: whoever has a certificate; at servers of version 0.1 all. */
  readonly feed: PortAddresses;
}

/** The ports of the next server, in the order in which they are tried. Rejects if no address is known. */
export type NextPorts = (options: {
  readonly certified: boolean;
}) => Promise<readonly [AttestPort, AttestPort]>;

/**
 * A certificate that is valid is renewed at the feed's port; without one the attestation port is asked. The other port of
 * the same server comes second: servers of version 0.1 have the feed's alone.
 */
export function createAttestPorts({ attestation, feed }: AttestPortsDeps): NextPorts {
  return async ({ certified }) => {
    const [first, second] = certified ? [feed, attestation] : [attestation, feed];
    const address = await first.addresses.next();
    const other = partnerOf(address, second.servers) ?? (await second.addresses.next());
    const asked: AttestPort = {
      kind: 'attestation',
      address: certified ? other : address,
      shows: 'nothing',
    };
    const fed: AttestPort = {
      kind: 'feed',
      address: certified ? address : other,
      shows: certified ? 'certificate' : 'nothing',
    };
    return certified ? [fed, asked] : [asked, fed];
  };
}

/** The same server's other port; undefined if the configuration does not say which that is. */
function partnerOf({ host, name }: ServerAddress, servers: readonly HostPort[]): ServerAddress | undefined {
  const [same, ...more] = servers.filter((server) => server.host === name);
  return same === undefined || more.length > 0 ? undefined : { host, name, port: same.port };
}

/**
 * True if the other port of the server may answer otherwise. A server that is busy is not asked twice; one that does not
 * take our certificate takes the token.
 */
export function triesOther({ shows }: AttestPort, { kind, contact }: AttestationFailure): boolean {
  return shows === 'certificate' ? kind === 'refused' || contact !== 'answered' : contact === 'none';
}

/** `host:port`, IPv6 in brackets. */
export function nameOf({ address }: AttestPort): string {
  return formatHostPort(address);
}
