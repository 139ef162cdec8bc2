import type { Callers } from '../addresses/callers.ts';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { Tokens } from '../imds-tokens/tokens.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import type { Endpoint } from '../pod-http/connections.ts';
import { createExchanges } from '../pod-http/exchange.ts';
import { createHostCheck } from '../pod-http/host-check.ts';
import type { EndpointParts } from '../pod-http/pod-server.ts';
import { createAnswering } from './answering.ts';
import { createReadHead } from './head.ts';
import { holdBudget } from './hold-budget.ts';
import type { HoldSettings } from './hold-budget.ts';
import { createRoutes } from './request/routes.ts';
import type { Imdsv1Mode } from './rows/situation.ts';

export interface MetadataSettings extends HoldSettings {
  /** Accepted Host headers: `metadataHosts` and each `--metadata-host`. */
  readonly hosts: readonly string[];
  readonly imdsv1: Imdsv1Mode;
  /** The groups of paths that are open on this node. */
  readonly groups: ReadonlySet<string>;
}

export interface MetadataEndpointDeps {
  readonly callers: Pick<Callers, 'identify'>;
  readonly table: Pick<PodTable, 'session'>;
  readonly tokens: Pick<Tokens, 'mint' | 'check'>;
  readonly other: OtherMetadata;
  readonly settings: MetadataSettings;
  readonly memory: AgentMemory;
}

/** The metadata API: everything between a Pod's request and its answer (DESIGN 4.2, 4.3). */
export function createMetadataEndpoint(deps: MetadataEndpointDeps, parts: EndpointParts): Endpoint {
  const { other, settings, memory } = deps;
  const { imdsv1, groups, hosts } = settings;
  const open = createExchanges({ ...parts, read: createReadHead(createRoutes({ ...other, memory })) });
  const answer = createAnswering({
    ...deps,
    ...parts,
    imdsv1,
    groups,
    isHostAllowed: createHostCheck(hosts),
    holdBudgetMs: (userAgent) => holdBudget(userAgent, settings),
  });
  return {
    unparsedRoute: 'malformed',
    serve: (request) => {
      answer(open(request));
    },
  };
}
