import { randomBytes } from 'node:crypto';
import type { ServerCredentials } from '@grpc/grpc-js';
import { createServerCredentials, watchTlsFiles } from '@rolegate/protocol';
import type { RolegateHandlers } from '@rolegate/protocol';
import type { Clock, Log, ReadyCheck } from '@rolegate/runtime';
import type { ServerConfig } from '../config/server-config.ts';
import { readTokenSecret } from '../identity/token-keys.ts';
import { createAgentAddresses } from '../identity/agent-addresses.ts';
import { createAgentPods } from '../identity/agent-pods.ts';
import { createAttestHandler } from '../identity/attest-handler.ts';
import { createTokenProof } from '../identity/token-proof.ts';
import type { Authority } from '../identity/authority/authority.ts';
import { createPeers } from '../identity/peers.ts';
import type { Peers, ProofSource } from '../identity/peers.ts';
import { createConnectionNodes } from '../identity/connection-nodes.ts';
import type { ConnectionNodes } from '../identity/connection-nodes.ts';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import { createAuthorityProof, createFilesProof } from '../identity/proof-sources.ts';
import { createTokenReviews } from '../identity/token-review.ts';
import type { Connection } from '../kubernetes/api/connection.ts';
import type { ClusterNode } from '../kubernetes/objects/objects.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { Store } from '../kubernetes/objects/store.ts';
import type { ServerMemory } from '../memory/memory.ts';
import type { ServerMetrics } from '../metrics/metrics.ts';
import type { AttestConnections } from '../ports/attest-connections.ts';
import { ATTEST_PORT, FEED_PORT } from '../ports/http2-limits.ts';
import { createPortLimitHits } from '../limits/limit-hits.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import { createRefusedHandshakes } from '../ports/refused-handshakes.ts';
import type { NoteRefusedHandshake } from '../ports/refused-handshakes.ts';

export interface AgentAuthenticationDeps {
  readonly config: ServerConfig;
  readonly connection: Connection;
  readonly pods: PodIndex;
  readonly nodes: Store<ClusterNode>;
  readonly foreignNodes: ForeignNodes;
  /** Whether attestation requests are accepted. */
  readonly open: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly metrics: ServerMetrics;
  readonly memory: ServerMemory;
  /** Stops watching files and Secrets. */
  readonly signal: AbortSignal;
}

/** Mutual authentication of agents and server. */
export interface OpenAuthentication {
  /** Of the port that requires a client certificate. */
  readonly credentials: ServerCredentials;
  readonly peers: Peers;
  readonly connections: ConnectionNodes;
  readonly refused: NoteRefusedHandshake;
  readonly hit: PortLimitHit;
  /** For agents that have a valid certificate. Undefined if certificates are user-provided. */
  readonly attest: RolegateHandlers['Attest'] | undefined;
  /** For agents without a certificate, on the attestation port. Undefined if that port is not open. */
  readonly firstAttest: FirstAttest | undefined;
  readonly tokenSecret: () => Buffer;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Attestation without a certificate. */
export interface FirstAttest {
  readonly credentials: ServerCredentials;
  readonly handler: (showing: AttestConnections['showing']) => RolegateHandlers['Attest'];
}

export interface AgentAuthentication {
  /** Resolves once there is a certificate to serve with; rejects if the signal aborts first. */
  readonly open: () => Promise<OpenAuthentication>;
  readonly checks: readonly ReadyCheck[];
  readonly secondsLeft: () => Readonly<Record<string, number>>;
}

/** Uses user-provided certificates or the server's own authority. Throws if the files are invalid. */
export function createAgentAuthentication(deps: AgentAuthenticationDeps): AgentAuthentication {
  const { config, metrics } = deps;
  metrics.sharedIdentity(config.agents.identity === 'shared');
  return config.tls === undefined ? byAuthority(deps) : byFiles(deps, config.tls);
}

function byFiles(
  deps: AgentAuthenticationDeps,
  files: NonNullable<ServerConfig['tls']>,
): AgentAuthentication {
  const { config, clock, log, signal } = deps;
  const { certFile: cert, keyFile: key, caFile: ca } = files;
  const tls = watchTlsFiles({ files: { cert, key, ca }, purpose: 'server', clock, log, signal });
  const secret = readTokenSecret({ path: config.tokenSecretFile, log, randomBytes });
  const shared = config.agents.identity === 'shared';
  const parts = partsOf(deps);
  const { connections, attest } = parts;
  const source = createFilesProof({ trustDomain: config.trustDomain, connections, attest, shared });
  const authentication: OpenAuthentication = {
    ...parts.common(source),
    credentials: createServerCredentials(tls, FEED_PORT),
    attest: undefined,
    firstAttest: undefined,
    tokenSecret: () => secret,
    run: () => Promise.resolve(),
  };
  const warning = 'shared: an agent can claim to be any node (--agent-identity)';
  return {
    open: () => Promise.resolve(authentication),
    checks: [{ name: 'identity of agents', informative: true, ready: () => (shared ? warning : true) }],
    secondsLeft: tls.secondsLeft,
  };
}

function byAuthority(deps: AgentAuthenticationDeps): AgentAuthentication {
  const { config, clock, log, tokenSecretFile } = { ...deps, tokenSecretFile: deps.config.tokenSecretFile };
  const secret =
    tokenSecretFile === undefined ? undefined : readTokenSecret({ path: tokenSecretFile, log, randomBytes });
  let opened: Authority | undefined;

  async function open(): Promise<OpenAuthentication> {
    // Loaded on demand: the code that signs certificates is large.
    const { openAuthority } = await import('../identity/authority/authority.ts');
    const { trustDomain } = config;
    const authority = await openAuthority({ ...deps, ...config.authority, trustDomain });
    opened = authority;
    const { attest, hit, common } = partsOf(deps);
    const known = common(createAuthorityProof({ authority, clock }));
    const handlerDeps = { ...deps, attest, authority, hit };
    return {
      ...known,
      credentials: createServerCredentials(authority.tls, FEED_PORT),
      attest: createAttestHandler({
        ...handlerDeps,
        certificateOwner: async (call) => (await known.peers.identify(call)).identity(),
      }),
      firstAttest: {
        credentials: createServerCredentials(authority.tls, ATTEST_PORT),
        handler: (showing) => createAttestHandler({ ...handlerDeps, showing }),
      },
      tokenSecret: () => secret ?? authority.tokenSecret,
      run: authority.run,
    };
  }

  return {
    open,
    checks: [
      {
        name: 'authority',
        ready: () => opened !== undefined || 'the authority Secret has not been read yet; see the log',
      },
      { name: 'authority storage', informative: true, ready: () => opened?.condition() ?? true },
    ],
    secondsLeft: () => opened?.tls.secondsLeft() ?? {},
  };
}

/** The parts that both variants share. */
function partsOf(deps: AgentAuthenticationDeps) {
  const { config, connection, pods, nodes, foreignNodes, clock, log, memory, metrics } = deps;
  const byAuthority = config.tls === undefined;
  const refused = createRefusedHandshakes({ clock, log, metrics, byAuthority });
  const hit = createPortLimitHits({ clock, log, counted: metrics.limitHit });
  const connections = createKnownConnections(deps);
  const agentPods = createAgentPods({ pods, nodes, clock, memory });
  const attest = createTokenProof({
    review: createTokenReviews({ connection, clock }),
    allowed: config.agents,
    podOf: (uid) => pods.get(uid),
    agentPods,
    clock,
    hit,
    memory,
  });
  const common = (source: ProofSource) => ({
    peers: createPeers({ source, agentPods, connections, foreignNodes }),
    connections,
    refused,
    hit,
  });
  return { connections, attest, hit, common };
}

/** The connections, with those addresses as agents' where an agent's Pod runs: after a restart, no agent is connected yet. */
function createKnownConnections({ config, pods }: AgentAuthenticationDeps): ConnectionNodes {
  const connections = createConnectionNodes();
  const hasAgentPod = createAgentAddresses({ pods, allowed: config.agents });
  return {
    ...connections,
    isAgents: (address) => connections.isAgents(address) || hasAgentPod(address),
  };
}
