import { containerCredentials } from '@rolegate/protocol';
import { createCredentialsEndpoint } from '../container-credentials/endpoint.ts';
import { createCredentialsListening } from '../container-credentials/listening.ts';
import type { CredentialsListening } from '../container-credentials/listening.ts';
import { createNodeAddresses } from '../container-credentials/node-addresses.ts';
import type { TokenJudge } from '../container-credentials/token-judge.ts';
import type { PodServer } from '../pod-http/pod-server.ts';
import type { AgentCore, AgentDeps } from './core.ts';

/** The endpoint for container credentials, beside the metadata API on the same server. */
export function composeContainerCredentials(
  { config, clock, log }: AgentDeps,
  { mode, metrics, ports, serving }: AgentCore,
  { judge, server }: { readonly judge: TokenJudge; readonly server: PodServer },
): CredentialsListening {
  const { callers, table, canAnswer } = mode;
  const { addresses } = config.containerCredentials;
  const hosts = [...Object.values(containerCredentials.addresses), ...addresses.map(({ host }) => host)];
  const endpoint = createCredentialsEndpoint(
    {
      callers,
      table,
      judge,
      isNodeAddress: createNodeAddresses({ own: [...config.hostIps, ...hosts], clock }),
      hosts,
      holdMs: config.holdMs,
    },
    server.parts,
  );
  metrics.readContainerCredentials(serving.current);
  return createCredentialsListening({
    addresses,
    hostIps: config.hostIps,
    listen: (host, port) => server.listen(endpoint, host, port),
    ports,
    canAnswer,
    serving,
    clock,
    log,
  });
}
