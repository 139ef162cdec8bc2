import type { Clock, ReadyCheck } from '@rolegate/runtime';
import type { ServerConfig } from '../config/server-config.ts';
import type { Sessions } from '../credentials/sessions.ts';
import type { StsBudget } from '../credentials/budget/sts-budget.ts';
import type { Decisions } from '../decisions/decisions.ts';
import type { ConnectedAgents } from '../feed/connected-agents.ts';
import type { ServingNodes } from '../feed/serving-nodes.ts';
import type { IssuerKeys } from '../issuer-keys/issuer-keys.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Policy } from '../policy/decide.ts';

/** The parts of the server that its status reads. */
export interface ServerReadings {
  readonly config: ServerConfig;
  readonly hostname: string;
  /** Warnings about flags. */
  readonly warnings: readonly string[];
  readonly checks: readonly ReadyCheck[];
  readonly cluster: Pick<
    Cluster,
    'pods' | 'namespaces' | 'serviceAccounts' | 'synced' | 'syncedForMs' | 'watchAgeMs'
  >;
  readonly agents: Pick<ConnectedAgents, 'all' | 'get'>;
  readonly servingNodes: Pick<ServingNodes, 'serves' | 'any'>;
  readonly issuerKeys: Pick<IssuerKeys, 'status'>;
  readonly decisions: Pick<Decisions, 'decide'>;
  readonly permittedBy: Policy['permittedBy'];
  readonly about: Policy['about'];
  readonly sessions: Pick<Sessions, 'summaries' | 'counts' | 'condition'>;
  readonly budget: Pick<StsBudget, 'waiting' | 'inFlight' | 'free'>;
  readonly roleBaseArn: () => string | undefined;
  /** Seconds until the server's certificates expire, by certificate. */
  readonly certificateSeconds: () => Readonly<Record<string, number>>;
  readonly clock: Clock;
}
