import { X509Certificate } from 'node:crypto';
import { nodeOfPeer, peerCertificate, peerCertificateEndsMs, Refusal } from '@rolegate/protocol';
import type { Clock } from '@rolegate/runtime';
import type { Attestation } from './token-proof.ts';
import type { Authority } from './authority/authority.ts';
import type { ProofSource } from './peers.ts';
import { livesTooLong } from './authority/client-certificates.ts';
import type { ConnectionNodes } from './connection-nodes.ts';
import { hostOf, networkOf } from '../limits/rate-limits.ts';
import { LONGEST_TOKEN } from './agent-token.ts';

/** The gRPC metadata key of an agent's token. */
const TOKEN_METADATA = 'rolegate-token';

export interface AuthorityProofDeps {
  readonly authority: Pick<Authority, 'verifyClient'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Certificates of the server's authority. Each use is checked again, because the authority may have been withdrawn since the handshake. */
export function createAuthorityProof({ authority, clock }: AuthorityProofDeps): ProofSource {
  return {
    prove(call) {
      // Once a call: reading it takes longer than verifying it.
      const der = peerCertificate(call);
      return () => {
        // TLS requires a certificate; this is a second check.
        if (der === undefined)
          throw new Refusal('ForeignNode', 'the client has no certificate, although TLS requires one');
        return authority.verifyClient(der) ?? refuse(new X509Certificate(der), clock.now());
      };
    },
  };
}

/** Why the certificate, which TLS accepted when the connection began, is no longer accepted. */
function refuse(certificate: X509Certificate, nowMs: number): never {
  const [begins, ends] = [certificate.validFrom, certificate.validTo].map((time) => Date.parse(time));
  const which = `the client's certificate for ${JSON.stringify((certificate.subjectAltName ?? '').slice(0, 300))}`;
  if (livesTooLong(certificate)) {
    const { validFrom, validTo } = certificate;
    throw new Refusal(
      'ForeignNode',
      `${which} lives longer (${validFrom} to ${validTo}) than any that a server issues: either an authority's key was stolen, or another authority signed it`,
    );
  }
  if (ends !== undefined && ends <= nowMs) {
    throw new Refusal('ServerUnavailable', `${which} expired at ${isoOf(ends)}: the agent must attest again`);
  }
  if (begins !== undefined && begins > nowMs) {
    const advice = 'check the clocks of node and server';
    throw new Refusal('ServerUnavailable', `${which} is not valid before ${isoOf(begins)}: ${advice}`);
  }
  throw new Refusal(
    'ForeignNode',
    `${which} was not signed by an authority that this server trusts now, or does not name one node and one Pod: the agent must attest again`,
  );
}

export interface FilesProofDeps {
  readonly trustDomain: string;
  readonly connections: Pick<ConnectionNodes, 'verified'>;
  readonly attest: Pick<Attestation, 'prove'>;
  /** --agent-identity shared: an agent whose certificate names no node can claim any. */
  readonly shared: boolean;
}

/** What the certificate proves. */
interface ByCertificate {
  readonly named: string | undefined;
  readonly endsMs: number | undefined;
  /** Tokens are limited by address if the certificate names no node. */
  readonly address: string;
}

/** User-provided certificates, which TLS has verified. The node is in the certificate, or is proven by a token on the call. */
export function createFilesProof(deps: FilesProofDeps): ProofSource {
  const { trustDomain, connections, attest, shared } = deps;

  async function byToken(token: string, { named, endsMs, address }: ByCertificate) {
    if (token.length > LONGEST_TOKEN)
      throw new Refusal('ForeignNode', 'the token on the call is over 16 KiB');
    try {
      const identity = await attest.prove(token, { address, node: named });
      if (named !== undefined && named !== identity.node) {
        throw new Refusal(
          'ForeignNode',
          `the certificate is of node ${named}, the token of ${identity.node}`,
        );
      }
      return () => ({ ...identity, endsMs });
    } catch (error) {
      // The certificate alone proves the node.
      const unavailable = error instanceof Refusal && error.reason === 'ServerUnavailable';
      if (named !== undefined && unavailable) return () => ({ node: named, endsMs });
      throw error;
    }
  }

  return {
    prove(call) {
      requireVerified(call.getPeer(), connections);
      const node = nodeOfPeer(call, trustDomain);
      const endsMs = peerCertificateEndsMs(call);
      const [token] = call.metadata.get(TOKEN_METADATA);
      if (token !== undefined) {
        const address = networkOf(hostOf(call.getPeer()));
        return byToken(token.toString(), { named: node, endsMs, address });
      }
      if (node !== undefined) return () => ({ node, endsMs });
      if (shared) return undefined;
      throw new Refusal(
        'ForeignNode',
        `the client certificate names no node (URI spiffe://${trustDomain}/node/NODE), and the call has no token`,
      );
    },
  };
}

function requireVerified(peer: string, connections: FilesProofDeps['connections']): void {
  const verified = connections.verified(peer);
  if (verified === true) return;
  // Most likely it was closed while the call was queued.
  if (verified === undefined) {
    throw new Refusal('ServerUnavailable', 'the connection of the call is no longer open');
  }
  throw new Refusal('ForeignNode', 'the client has no certificate, although TLS requires one');
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
