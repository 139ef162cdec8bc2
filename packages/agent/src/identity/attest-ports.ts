import { formatHostPort } from '@rolegate/runtime';
import type { HostPort } from '@rolegate/runtime';
import type { ServerAddress, ServerAddresses } from '../feed/server-addresses.ts';
import type { AttestationFailure } from './failure.ts';

/** A port of one server that can issue a certificate. */
export interface AttestPort {
  readonly kind: 'attestation' | 'feed';
  readonly address: ServerAddress;
  /** What the agent presents in addition to its token. */
  readonly shows: 'certificate' | 'nothing';
}

/** The addresses of one of the servers' two ports. */
export interface PortAddresses {
  readonly servers: readonly HostPort[];
  readonly addresses: ServerAddresses;
}

export interface AttestPortsDeps {
  /** 9611: accepts agents that have only a token. */
  readonly attestation: PortAddresses;
  /** 9610: accepts agents with a certificate; servers of version 0.1 accept all there. */
  readonly feed: PortAddresses;
}

/** The ports of the next server, in the order in which to try them. Rejects if no address is known. */
export type NextPorts = (options: {
  readonly certified: boolean;
}) => Promise<readonly [AttestPort, AttestPort]>;

/**
 * A valid certificate is renewed at the feed port; an agent without one uses the attestation port. The other port of the same
 * server comes second: servers of version 0.1 have only the feed port.
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

/** The same server's other port; undefined if the configuration does not determine it. */
function partnerOf({ host, name }: ServerAddress, servers: readonly HostPort[]): ServerAddress | undefined {
  const [same, ...more] = servers.filter((server) => server.host === name);
  return same === undefined || more.length > 0 ? undefined : { host, name, port: same.port };
}

/**
 * True if the other port of the server may answer differently. A busy server is not asked twice; one that rejects the
 * certificate may accept the token.
 */
export function triesOther({ shows }: AttestPort, { kind, contact }: AttestationFailure): boolean {
  return shows === 'certificate' ? kind === 'refused' || contact !== 'answered' : contact === 'none';
}

/** `host:port`, IPv6 in brackets. */
export function nameOf({ address }: AttestPort): string {
  return formatHostPort(address);
}
