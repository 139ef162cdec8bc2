import type { Clock } from '@rolegate/runtime';
import { ownerUid } from '../addresses/caller.ts';
import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/pod-table.ts';
import type { Connections } from './connections.ts';
import type { OpenExchange } from './exchange.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { decide } from './rows.ts';
import type { Imdsv1Mode, Situation, Verdict } from './situation.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';

export interface LookDeps {
  readonly callers: Pick<Callers, 'identify'>;
  readonly table: Pick<PodTable, 'session'>;
  readonly other: Pick<OtherMetadata, 'readable'>;
  readonly tokens: Pick<Tokens, 'check'>;
  readonly connections: Pick<Connections, 'claim'>;
  readonly imdsv1: Imdsv1Mode;
  readonly groups: ReadonlySet<string>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** Looks who asks and what is to be done, as things are now. Undefined: the connection is another Pod's, and closed. */
export function createLook(deps: LookDeps): (exchange: OpenExchange) => Verdict | undefined {
  const { callers, table, other, tokens, connections, imdsv1, groups, clock } = deps;
  const session: Situation['session'] = (id) => table.session(id);

  return (exchange) => {
    const { connection, headers, route } = exchange;
    const { ip } = connection;
    const caller = callers.identify(ip);
    exchange.caller = caller;
    if (!connections.claim(connection, caller)) return undefined;
    const uid = ownerUid(caller);
    const token = headers.token === undefined ? 'missing' : tokens.check(headers.token, { ip, uid });
    const monotonicMs = clock.monotonic();
    return decide({ route, caller, token, imdsv1, groups, other, session, monotonicMs, nowMs: clock.now() });
  };
}
