import { status } from '@grpc/grpc-js';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { asRefusal, asStatus, Refusal } from '@rolegate/protocol';
import type { AttestRequestRead, AttestResponse, Reason, RolegateHandlers } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import type { PortLimitHit } from '../limits/limit-hits.ts';
import type { Attestation } from './token-proof.ts';
import type { Authority } from './authority/authority.ts';
import type { PeerIdentity } from './peers.ts';
import type { ForeignNodes } from './foreign-nodes.ts';
import { createRateLimits, hostOf, networkOf } from '../limits/rate-limits.ts';

/** Certificates of one agent Pod; an agent renews its own about every half hour. */
const RATE = { perSecond: 5, burst: 10 };
/** Token and certificate request together. Bytes. */
const LARGEST = 16 * 1024;
const DEADLINE_MS = 5_000;

const HINT =
  'If the client is an agent, follow the error, and check --agent-service-account and --agent-daemonset. Otherwise find out what it is.';

export interface AttestHandlerDeps {
  readonly attest: Attestation;
  readonly authority: Pick<Authority, 'issueClient' | 'bundle'>;
  /** False until the cluster has been read, and while the server is stopping. */
  readonly open: () => boolean;
  /** On a port that requires a certificate: its owner. Throws or rejects with an audited Refusal. */
  readonly certificateOwner?: (call: AttestCall) => PeerIdentity | Promise<PeerIdentity>;
  /** Marks the connection while it shows a token that names a live agent Pod; the returned function ends that. */
  readonly showing?: (peer: string) => () => void;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly hit: PortLimitHit;
  readonly metrics: { attestation(outcome: Reason | 'ok'): void; foreignNode(): void };
  readonly memory?: ServerMemory;
}

type AttestCall = ServerUnaryCall<AttestRequestRead, AttestResponse>;

/** Issues a client certificate to an agent that proves its node by a token: its first one, or a renewal. */
export function createAttestHandler(deps: AttestHandlerDeps): RolegateHandlers['Attest'] {
  const { attest, authority, foreignNodes, clock, log, metrics, hit, certificateOwner } = deps;
  const { showing = () => () => undefined } = deps;
  const mayHave = createRateLimits({ ...RATE, ...deps, kind: 'attesting_pods' });

  async function answer(call: AttestCall, address: string): Promise<AttestResponse> {
    if (!deps.open())
      throw new Refusal('ServerUnavailable', 'the server has not read the cluster yet, or is stopping');
    const owner = await certificateOwner?.(call);
    const { token, certificateRequest } = call.request;
    const { node, podUid } = await attest.prove(token, { address, node: owner?.node });
    if (owner !== undefined && owner.node !== node) {
      metrics.foreignNode();
      throw new Refusal('ForeignNode', `the certificate is of node ${owner.node}, the token of ${node}`);
    }
    if (!mayHave(podUid)) {
      hit('attest_rate', { address, node });
      const many = `more than ${RATE.perSecond} attestations a second of the agent's Pod ${podUid}`;
      throw new Refusal('TooManyRequests', many);
    }
    const { chain, endsMs } = await authority.issueClient({ certificateRequest, node, podUid });
    log.info('agent attested', { node, agentPodUid: podUid, expires: new Date(endsMs).toISOString() });
    return { certificateChain: chain, authorities: authority.bundle() };
  }

  return (call, callback) => {
    const peer = call.getPeer();
    const { token, certificateRequest } = call.request;
    if (Buffer.byteLength(token) + certificateRequest.length > LARGEST) {
      callback({ code: status.INVALID_ARGUMENT, details: 'token and certificate request are over 16 KiB' });
      return;
    }
    const endShowing = attest.claimedPod(token) === undefined ? () => undefined : showing(peer);
    within(answer(call, networkOf(hostOf(peer))), clock)
      .then(
        (response) => {
          metrics.attestation('ok');
          callback(null, response);
        },
        (error: unknown) => {
          const refusal = asRefusal(error);
          // Not counted as a call for another node: a wrong setting refuses honest agents, too.
          foreignNodes.audit(refusal, { peer }, refusal.reason === 'ForeignNode' ? HINT : undefined);
          metrics.attestation(refusal.reason);
          callback(asStatus(refusal));
        },
      )
      .finally(endShowing);
  };
}

/** Rejects with ServerUnavailable at the deadline; the agent has given up by then. */
function within<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(DEADLINE_MS, () => {
      reject(new Refusal('ServerUnavailable', `the attestation took over ${DEADLINE_MS / 1000} s`));
    });
    answer.then(resolve, reject).finally(cancel);
  });
}
