export { createBackoff } from './backoff.ts';
export type { Backoff, BackoffOptions } from './backoff.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { createLog, describeError, logLevels, silentLog } from './log.ts';
export type { Log, LogLevel, LogOptions } from './log.ts';
export { runGroup } from './run-group.ts';
export type { Service } from './run-group.ts';
