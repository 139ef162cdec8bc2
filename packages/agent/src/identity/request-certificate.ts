import { describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { AttestRequest, AttestResponseRead } from '@rolegate/protocol';
import type { AttestCall } from './attest-call.ts';
import { nameOf, triesOther } from './attest-ports.ts';
import type { AttestPort, NextPorts } from './attest-ports.ts';
import { createPortLog } from './attestation-log.ts';
import { AttestationFailure } from './failure.ts';
import type { IssuedCertificate } from './issued-certificate.ts';
import { issuedOf } from './issued-certificate.ts';
import { TokenFault } from './token-file.ts';

/** One or two replicas may be down. */
const SERVERS_AN_ATTEMPT = 3;

/**
 * A feed whose connection can carry another call. It needs no new connection, which servers limit per source address, shared
 * with the node's Pods.
 */
export interface OpenFeed {
  readonly port: AttestPort;
  /** Rejects with an AttestationFailure. */
  readonly attest: (request: AttestRequest, signal: AbortSignal) => Promise<AttestResponseRead>;
}

export interface AttestationDeps {
  /** Asked first. Undefined: no feed is open, or its server must not be asked. */
  readonly openFeed: () => OpenFeed | undefined;
  readonly nextPorts: NextPorts;
  readonly call: AttestCall;
  /** True while there is a certificate that servers accept. */
  readonly certified: () => boolean;
  /** The current token; throws a TokenFault. */
  readonly readToken: () => string;
  /** Why no server can be verified; undefined: servers can be. */
  readonly noAuthority: () => string | undefined;
  readonly nodeName: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** A certificate, and the address of the server that issued it. */
export interface Attested {
  readonly issued: IssuedCertificate;
  readonly server: string;
}

/** One attempt's request, and the check of its answer, which throws an AttestationFailure. */
interface Attempt {
  readonly request: AttestRequest;
  readonly check: (response: AttestResponseRead) => IssuedCertificate;
  readonly signal: AbortSignal;
}

/** A port that failed, and why. */
interface Fault {
  readonly port: AttestPort;
  readonly failure: AttestationFailure;
}

interface Answer {
  readonly response: AttestResponseRead;
  readonly port: AttestPort;
}

/** Requests a certificate for a new key. Rejects with an AttestationFailure. */
export function createCertificateRequests(deps: AttestationDeps): (signal: AbortSignal) => Promise<Attested> {
  const { readToken, noAuthority, nodeName, clock, log } = deps;
  const portLog = createPortLog(log);
  return async (signal) => {
    const fault = noAuthority();
    if (fault !== undefined) throw new AttestationFailure('no-authority', { message: fault });
    const token = tokenOf(readToken);
    // Loaded lazily: needed every half hour, and never with a user-provided certificate.
    const { createCertificateRequest } = await import('./certificate-request.ts');
    const { key, der } = await createCertificateRequest();
    const check: Attempt['check'] = (response) => issuedOf(response, { key, nodeName, nowMs: clock.now() });
    const attempt = { request: { token, certificateRequest: der }, check, signal };
    const overFeed = await askFeed(deps, attempt);
    const { issued, port, missed } =
      overFeed?.answer ?? (await askAny(deps, attempt, overFeed?.faults ?? []));
    portLog.issued(port, missed);
    return { issued, server: nameOf(port) };
  };
}

interface Issued {
  readonly issued: IssuedCertificate;
  readonly port: AttestPort;
  /** Why the preferred port issued none. */
  readonly missed?: AttestationFailure | undefined;
}

/** Asks over the feed's connection. If it refuses, other ports and servers may still issue one. */
async function askFeed(
  { openFeed, log }: AttestationDeps,
  { request, check, signal }: Attempt,
): Promise<{ readonly answer?: Issued; readonly faults: readonly Fault[] } | undefined> {
  const feed = openFeed();
  if (feed === undefined) return undefined;
  const { port, attest } = feed;
  try {
    return { answer: { issued: check(await attest(request, signal)), port }, faults: [] };
  } catch (error) {
    if (!(error instanceof AttestationFailure) || signal.aborted) throw error;
    const { reason, message } = error;
    log.debug('cannot renew certificate over the feed', { server: nameOf(port), reason, error: message });
    return { faults: [{ port, failure: error }] };
  }
}

/** The first server that answers decides, even if it refuses. `before`: failures over the feed's connection. */
async function askAny(
  deps: AttestationDeps,
  { request, check, signal }: Attempt,
  before: readonly Fault[],
): Promise<Issued> {
  const certified = deps.certified();
  const faults = new Map<string, Fault>();
  for (let servers = 0; servers < SERVERS_AN_ATTEMPT; servers += 1) {
    const ports = await nextOf(deps.nextPorts, certified);
    if (faults.has(nameOf(ports[0]))) break; // all have been asked
    const outcome = await askOne(deps.call, { ports, request }, signal);
    const { answer } = outcome;
    const missed = outcome.faults[0]?.failure;
    if (answer !== undefined) return { issued: check(answer.response), port: answer.port, missed };
    const refusal = outcome.faults.findLast(({ failure }) => failure.kind !== 'unavailable');
    const last = refusal ?? (signal.aborted ? outcome.faults.at(-1) : undefined);
    if (last !== undefined) throw last.failure;
    for (const fault of outcome.faults) faults.set(nameOf(fault.port), fault);
  }
  throw together(before.concat(...faults.values()));
}

/** Asks one server, at its second port if the first gives no final answer. */
async function askOne(
  call: AttestCall,
  { ports, request }: { readonly ports: readonly AttestPort[]; readonly request: AttestRequest },
  signal: AbortSignal,
): Promise<{ readonly answer?: Answer; readonly faults: readonly Fault[] }> {
  const faults: Fault[] = [];
  for (const port of ports) {
    try {
      return { answer: { response: await call(port, request, signal), port }, faults };
    } catch (error) {
      if (!(error instanceof AttestationFailure)) throw error;
      faults.push({ port, failure: error });
      if (signal.aborted || !triesOther(port, error)) break;
    }
  }
  return { faults };
}

function together(faults: readonly Fault[]): AttestationFailure {
  const reason = faults.find(({ failure }) => failure.reason)?.failure.reason ?? 'ServerUnavailable';
  const messages = new Set(faults.map(({ port, failure }) => `${nameOf(port)}: ${failure.message}`));
  const message = [...messages].sort().join('; ');
  return new AttestationFailure('unavailable', { message, reason, hint: hintOf(faults) });
}

/** Undefined if a server answered or a handshake failed: the message then says enough. */
function hintOf(faults: readonly Fault[]): string | undefined {
  const contactsOf = (kind: AttestPort['kind']) =>
    new Set(faults.flatMap(({ port, failure }) => (port.kind === kind ? [failure.contact] : [])));
  const [attestation, feed] = [contactsOf('attestation'), contactsOf('feed')];
  if (attestation.size !== 1 || !attestation.has('none') || feed.has('answered')) return undefined;
  return feed.has('broken')
    ? 'Let the nodes reach the attestation port of the servers (NetworkPolicy, firewall, --attest-address). ' +
        'If the servers use your own certificates, give the agent --cert and --key.'
    : 'Check that servers run and that the nodes reach their ports (NetworkPolicy, firewall, --server-address, --attest-address).';
}

async function nextOf(nextPorts: NextPorts, certified: boolean): ReturnType<NextPorts> {
  try {
    return await nextPorts({ certified });
  } catch (error) {
    const message = describeError(error);
    throw new AttestationFailure('unavailable', { message, reason: 'ServerUnavailable' });
  }
}

function tokenOf(readToken: () => string): string {
  try {
    return readToken();
  } catch (error) {
    if (!(error instanceof TokenFault)) throw error;
    throw new AttestationFailure('no-token', { message: error.message });
  }
}
