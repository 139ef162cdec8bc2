import { status } from '@grpc/grpc-js';
import { reasons } from './reasons.ts';

/** The text of docs/reasons.md. */
export function reasonsDoc(): string {
  const rows = Object.entries(reasons).map(
    ([name, { meaning, remedy, http, grpc, event, level }]) =>
      `| \`${name}\` | ${meaning} | ${remedy} | ${http} | ${status[grpc]} | ${event ? 'yes' : ''} | ${level} |`,
  );
  return [
    '# Reasons',
    '',
    'The `reason` in logs, metrics and Events says why a Pod got no credentials or an agent got no answer. The HTTP status is',
    'the one of the credentials call. Events are written only if the Pod or its ServiceAccount is annotated, at most one per reason in five minutes.',
    '',
    '| reason | meaning | what to do | HTTP | gRPC | Event | log level |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
