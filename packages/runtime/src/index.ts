export * from './flags/doc.ts';
export * from './flags/duration.ts';
export type { Environment } from './flags/env.ts';
export * from './flags/flags.ts';
export * from './flags/kinds.ts';
export * from './flags/legacy.ts';
export { nearest } from './flags/nearest.ts';
export type { Program } from './flags/program.ts';
export { legacyLogFlags, logFlags } from './flags/log-flags.ts';
export * from './flags/table.ts';

export { createPlaces } from './http/clients/places.ts';
export type { Client, ClientName, PlaceLimit, Places } from './http/clients/places.ts';
export type {
  HttpConnection,
  HttpHooks,
  HttpLimit,
  HttpLimits,
  HttpRefusal,
  HttpRequest,
} from './http/connection/connection.ts';
export { createHttpServer } from './http/http-server.ts';
export type { HttpServer } from './http/http-server.ts';
export type { KnownHeads } from './http/message/known-heads.ts';
export { headerLines, toBeSentOften } from './http/message/message.ts';
export type { HttpAnswer } from './http/message/message.ts';
export type { RequestHead } from './http/message/request-head.ts';

export { parseJson, record, textOf } from './json/json-values.ts';

export { createChanges } from './listeners/changes.ts';
export type { Changes } from './listeners/changes.ts';
export { createListeners, listenerFailed } from './listeners/listeners.ts';

export { describeError } from './log/describe-error.ts';
export { onOneLine } from './log/fields.ts';
export { BUG_HINT, createLog, logLevels, silentLog } from './log/log.ts';
export type { LevelControl, Log, LogLevel, LogOptions } from './log/log.ts';
export { createLimitLog, createLogLimiter } from './log/log-limiter.ts';
export type { CountScope, LimitLog } from './log/log-limiter.ts';
export { createOutageLog } from './log/outage.ts';
export type { OutageLog } from './log/outage.ts';
export { createArrivals, createTransition } from './log/transitions.ts';

export { markdownTable } from './markdown/table.ts';

export { createCounts } from './memory/counts.ts';
export { createLine, join, leave } from './memory/line.ts';
export type { Line } from './memory/line.ts';
export { createMemory } from './memory/memory.ts';
export type { Memory } from './memory/memory.ts';
export type { Remembered } from './memory/remembered.ts';
export { createShares } from './memory/shares.ts';
export type { Shares } from './memory/shares.ts';

export { createGrowth, createMeters } from './metrics/meters.ts';
export type { Meters } from './metrics/meters.ts';
export { metricsDoc } from './metrics/table.ts';
export type { MetricTable } from './metrics/table.ts';

export { canonicalIp } from './net/canonical-ip.ts';
export { formatHostPort, isPortTaken } from './net/host-port.ts';
export type { HostPort } from './net/host-port.ts';
export { stopListening } from './net/stop-listening.ts';

export { createOpsServer } from './ops/ops-server.ts';
export type { OpsServerOptions } from './ops/ops-server.ts';
export { pageLimit } from './ops/page-server.ts';
export type { PageServer } from './ops/page-server.ts';
export { createProbePort } from './ops/probe-port.ts';
export { createProbeServer } from './ops/probe-server.ts';
export type { ReadyCheck } from './ops/readiness.ts';

export { aborted, runGroup } from './program/run-group.ts';
export type { Service } from './program/run-group.ts';
export { runProgram } from './program/run-program.ts';
export { VERSION } from './program/version.ts';

export { runStatusCommand } from './status/command.ts';
export type { StatusCommandDeps, StatusProgram, StatusWord } from './status/command.ts';
export { createStatusServer, openStatusSocket } from './status/server.ts';
export type { StatusAnswer, StatusServer } from './status/server.ts';
export { StatusSocketFault } from './status/socket.ts';
export { roughly, textFacts, textTable } from './status/text.ts';

export { createBackoff } from './time/backoff.ts';
export type { Backoff, BackoffOptions } from './time/backoff.ts';
export { systemClock } from './time/clock.ts';
export type { Clock } from './time/clock.ts';
export { createTokenBucket } from './time/token-bucket.ts';
export type { TokenBucket, TokenBucketOptions } from './time/token-bucket.ts';
