import { readLogLine, withFields } from '../src/logs/entry.ts';
import type { LogEntry, LogSource } from '../src/logs/entry.ts';

export const START_MS = Date.UTC(2026, 10, 30, 7);

export function agentOn(node: string): LogSource {
  return { namespace: 'rolegate', pod: `agent-${node}`, container: 'agent', node, component: 'agent' };
}

export const server: LogSource = {
  namespace: 'rolegate',
  pod: 'server-0',
  container: 'server',
  node: 'node-s',
  component: 'server',
};

/** An entry of an agent, some milliseconds after the start. */
export function entryAt(afterMs: number, fields: object = {}, source: LogSource = agentOn('a')): LogEntry {
  const all = { level: 'info', msg: 'feed connected', ...fields };
  return withFields(readLogLine({ atMs: START_MS + afterMs, text: JSON.stringify(all) }, source, 0));
}

/** A refusal as an agent logs it. */
export function refusal(fields: object = {}): object {
  return {
    level: 'info',
    msg: 'request refused',
    method: 'GET',
    route: 'credentials',
    status: 403,
    reason: 'NamespaceDenied',
    detail: 'the Namespace permits only team-.*',
    pod: 'cart-0',
    namespace: 'shop',
    ip: '10.0.0.7',
    cache: 'hit',
    ...fields,
  };
}

/** A line of pods/log with `timestamps=true`, some milliseconds after the start. */
export function stamped(afterMs: number, fields: object, startMs = START_MS): string {
  const time = new Date(startMs + afterMs).toISOString();
  return `${time} ${JSON.stringify({ level: 'info', time, ...fields })}`;
}
