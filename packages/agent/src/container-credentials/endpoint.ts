import type { Caller } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import { refusal } from '../pod-http/answer/answer.ts';
import type { Connection, Endpoint } from '../pod-http/connections.ts';
import { createExchanges } from '../pod-http/exchange.ts';
import type { Exchange } from '../pod-http/exchange.ts';
import { createHostCheck } from '../pod-http/host-check.ts';
import type { EndpointParts } from '../pod-http/pod-server.ts';
import { earlyRefusal, readCredentialsHead } from './head.ts';
import type { CredentialsHead } from './head.ts';
import { proofOf } from './proof.ts';
import { answerProven } from './rows.ts';
import type { CredentialsAction } from './rows.ts';
import type { TokenJudge } from './token-judge.ts';

export interface CredentialsEndpointDeps {
  readonly callers: Pick<Callers, 'identify'>;
  readonly table: Pick<PodTable, 'pod' | 'isRemoved' | 'session'>;
  readonly judge: Pick<TokenJudge, 'judge'>;
  readonly isNodeAddress: (ip: string) => boolean;
  /** Accepted Host headers. */
  readonly hosts: readonly string[];
  /** How long requests are held, whatever the client. Milliseconds. */
  readonly holdMs: number;
}

type CredentialsExchange = Exchange<CredentialsHead>;
type Immediate = Extract<CredentialsAction, { kind: 'answer' }>;

/** The container credentials endpoint: everything between a Pod's request and its answer (DESIGN.md 4.12). */
export function createCredentialsEndpoint(deps: CredentialsEndpointDeps, parts: EndpointParts): Endpoint {
  const { finish, abandon, guarded, hold } = parts;
  const isHostAllowed = createHostCheck(deps.hosts);
  const open = createExchanges({ ...parts, read: readCredentialsHead });
  const evaluate = createEvaluation(deps, parts);

  function begin(exchange: CredentialsExchange): void {
    const order = earlyRefusal(exchange.head, isHostAllowed);
    if ('status' in order) {
      finish(exchange, order);
      return;
    }
    const { token } = order;
    const follow = (action: Immediate | undefined) => {
      if (action === undefined) abandon(exchange);
      else finish(exchange, action.answer);
    };
    const action = evaluate(exchange, token);
    if (action?.kind !== 'hold') follow(action);
    else
      hold<Immediate>(exchange, {
        budgetMs: deps.holdMs,
        evaluate: () => evaluate(exchange, token),
        follow,
      });
  }

  return {
    unparsedRoute: 'container-credentials',
    serve: (request) => {
      const exchange = open(request);
      guarded(exchange, () => {
        begin(exchange);
      });
    },
  };
}

/**
 * Judges the token and decides the action, as things are now. Undefined: the connection belongs to another Pod and was closed.
 */
function createEvaluation(
  { callers, table, judge, isNodeAddress }: CredentialsEndpointDeps,
  { connections, clock }: Pick<EndpointParts, 'connections' | 'clock'>,
) {
  function sourceOf({ ip }: Connection): Caller {
    const caller = callers.identify(ip);
    return caller.kind === 'unknown' && isNodeAddress(ip) ? { kind: 'node' } : caller;
  }

  return (exchange: CredentialsExchange, token: string): CredentialsAction | undefined => {
    const { connection } = exchange;
    const source = sourceOf(connection);
    exchange.caller = source;
    exchange.tokenPod = undefined;
    if (!connections.claim(connection, source)) return undefined;
    // Verified once somebody has the address: a Pod that makes up addresses would have the budget of each.
    if (source.kind === 'unknown')
      return { kind: 'hold', inVain: refusal('HeldTimeout', { waitedFor: source.waitsFor }) };
    const judgement = judge.judge(token, connection.ip);
    const proof = proofOf({ judgement, pod: table.pod, isRemoved: table.isRemoved, source });
    if (proof.kind === 'hold') return proof;
    if (proof.kind === 'foreign') exchange.tokenPod = proof.pod;
    if (proof.kind !== 'proven') return { kind: 'answer', answer: proof.answer };
    const { pod } = proof;
    exchange.caller = { kind: 'pod', pod };
    // Pods on the host network share addresses: from now on the limits count this connection for the Pod.
    if (!connections.claim(connection, exchange.caller)) return undefined;
    return answerProven({ pod, session: table.session, monotonicMs: clock.monotonic() });
  };
}
