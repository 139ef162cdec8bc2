import { randomBytes } from 'node:crypto';
import { VERSION } from '@rolegate/runtime';
import type { AgentConfig } from '../config/config.ts';
import type { CredentialsListening } from '../container-credentials/listening.ts';
import type { TokenJudge } from '../container-credentials/token-judge.ts';
import { architectureOf } from '../imds-documents/identity-document.ts';
import { createMetadataEndpoint } from '../metadata/endpoint.ts';
import { createServing } from '../metadata/serving.ts';
import { createAnswerMetrics } from '../metrics/answer-metrics.ts';
import { hasExceptions } from '../modes/firewall-mode.ts';
import { parseAllowPaths } from '../node-imds/allow-path.ts';
import { createNodeImds } from '../node-imds/node-imds.ts';
import type { NodeImds } from '../node-imds/node-imds.ts';
import { createOtherMetadata } from '../node-imds/other-metadata.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import type { Endpoint } from '../pod-http/connections.ts';
import { metadataHosts } from '../pod-http/host-check.ts';
import { createLimitHits } from '../pod-http/limit-hits.ts';
import type { LimitHits } from '../pod-http/limit-hits.ts';
import { createPodServer } from '../pod-http/pod-server.ts';
import type { PodServer } from '../pod-http/pod-server.ts';
import { composeContainerCredentials } from './container-credentials.ts';
import type { AgentCore, AgentDeps } from './core.ts';
import { composeTokenJudge } from './token-judge.ts';

/** The parts that answer Pods. */
export interface Answers {
  readonly other: OtherMetadata;
  readonly limitHits: LimitHits;
  readonly server: PodServer;
  readonly serving: ReturnType<typeof createServing>;
  /** Undefined if container credentials are not served. */
  readonly containerCredentials: CredentialsListening | undefined;
  readonly close: () => Promise<void>;
}

export function createAnswers(deps: AgentDeps, core: AgentCore): Answers {
  const { config, clock, log } = deps;
  const { mode, metrics, ports } = core;
  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const other = otherMetadata(config, imds);
  const limitHits = createLimitHits({ clock, log, counted: metrics.limitHit });
  const judge = composeTokenJudge(deps, core, limitHits.hit);
  const server = servePods(deps, core, { limitHit: limitHits.hit, judge });
  const metadata = serveMetadata(deps, core, { other, server });
  const serving = createServing({
    listen: (host, port) => server.listen(metadata, host, port),
    close: server.close,
    addresses: config.hostIps,
    port: config.port,
    ports,
    canAnswer: mode.canAnswer,
    clock,
    log,
    about: { mode: config.mode, version: VERSION },
  });
  return {
    other,
    limitHits,
    server,
    serving,
    containerCredentials: judge && composeContainerCredentials(deps, core, { judge, server }),
    async close() {
      await server.close();
      imds.close();
    },
  };
}

function servePods(
  { config, clock, log }: AgentDeps,
  { mode, metrics, memory }: AgentCore,
  { limitHit, judge }: { readonly limitHit: LimitHits['hit']; readonly judge: TokenJudge | undefined },
): PodServer {
  const { limits, holdMs, holdGoMs, holdPatientMs } = config;
  return createPodServer({
    callers: mode.callers,
    table: mode.table,
    onUnknownIp: mode.onUnknownIp,
    changes: judge === undefined ? [] : [judge.onChange],
    metrics: createAnswerMetrics({ metrics, reporter: mode.reporter }),
    limits,
    limitHit,
    longestHoldMs: Math.max(holdMs, holdGoMs, holdPatientMs),
    memory,
    clock,
    log,
    randomBytes,
  });
}

function serveMetadata(
  { config }: AgentDeps,
  { mode, tokens, memory }: AgentCore,
  { other, server }: { readonly other: OtherMetadata; readonly server: PodServer },
): Endpoint {
  const { callers, table } = mode;
  const settings = {
    hosts: [...metadataHosts, ...config.metadataHosts],
    imdsv1: config.imdsv1,
    holdMs: config.holdMs,
    holdGoMs: config.holdGoMs,
    holdPatientMs: config.holdPatientMs,
    groups: config.metadataGroups,
  };
  return createMetadataEndpoint({ callers, table, tokens, other, settings, memory }, server.parts);
}

/** Firewall mode serves only what is named; if nothing is, all paths are treated alike. */
function otherMetadata(config: AgentConfig, imds: Pick<NodeImds, 'read'>): OtherMetadata {
  const parsed = parseAllowPaths(config.allowPaths);
  if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
  const other = createOtherMetadata({
    imds,
    groups: config.metadataGroups,
    allowPath: parsed.allowPath,
    architecture: architectureOf(process.arch),
    reducedDocument: config.mode === 'roles',
  });
  const isClosed = config.mode === 'firewall' && !hasExceptions(config);
  return isClosed ? { ...other, everReadable: () => true } : other;
}
