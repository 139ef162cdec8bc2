import { randomBytes } from 'node:crypto';
import { VERSION } from '@rolegate/runtime';
import type { AgentConfig } from '../config/config.ts';
import { architectureOf } from '../imds-documents/identity-document.ts';
import { metadataHosts } from '../pod-http/host-check.ts';
import { createLimitHits } from '../pod-http/limit-hits.ts';
import type { LimitHits } from '../pod-http/limit-hits.ts';
import { createMetadataServer } from '../pod-http/pod-server.ts';
import type { MetadataServer } from '../pod-http/pod-server.ts';
import { createServing } from '../metadata/serving.ts';
import { createAnswerMetrics } from '../metrics/answer-metrics.ts';
import { hasExceptions } from '../modes/firewall-mode.ts';
import { parseAllowPaths } from '../node-imds/allow-path.ts';
import { createNodeImds } from '../node-imds/node-imds.ts';
import type { NodeImds } from '../node-imds/node-imds.ts';
import type { OtherMetadata } from '../node-imds/other-metadata.ts';
import { createOtherMetadata } from '../node-imds/other-metadata.ts';
import type { AgentCore, AgentDeps } from './core.ts';

/** The parts that answer Pods. */
export interface Answers {
  readonly other: OtherMetadata;
  readonly limitHits: LimitHits;
  readonly metadata: MetadataServer;
  readonly serving: ReturnType<typeof createServing>;
  readonly close: () => Promise<void>;
}

export function createAnswers(deps: AgentDeps, core: AgentCore): Answers {
  const { config, clock, log } = deps;
  const { mode, metrics, ports } = core;
  const imds = createNodeImds({ endpoint: config.imdsEndpoint, clock, log });
  const other = otherMetadata(config, imds);
  const limitHits = createLimitHits({ clock, log, counted: metrics.limitHit });
  const metadata = serveMetadata(deps, core, { other, limitHit: limitHits.hit });
  const serving = createServing({
    metadata,
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
    metadata,
    serving,
    async close() {
      await metadata.close();
      imds.close();
    },
  };
}

function serveMetadata(
  { config, clock, log }: AgentDeps,
  { mode, tokens, metrics, memory }: AgentCore,
  parts: { readonly other: OtherMetadata; readonly limitHit: LimitHits['hit'] },
): MetadataServer {
  return createMetadataServer({
    ...mode,
    ...parts,
    tokens,
    memory,
    clock,
    log,
    randomBytes,
    metrics: createAnswerMetrics({ metrics, reporter: mode.reporter }),
    settings: {
      hosts: [...metadataHosts, ...config.metadataHosts],
      imdsv1: config.imdsv1,
      holdMs: config.holdMs,
      holdGoMs: config.holdGoMs,
      limits: config.limits,
      holdPatientMs: config.holdPatientMs,
      groups: config.metadataGroups,
    },
  });
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
