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
    'The `reason` in logs, metrics and Events says why a Pod got no credentials or why a server refused an agent. Events',
    'are written only if the Pod or its ServiceAccount is annotated, at most one per reason in five minutes.',
    '[`kubectl rolegate explain POD`](kubectl-rolegate.md) shows which annotation or part of Rolegate is the cause.',
    '',
    'HTTP is the status of the refused request. 200 means that the body has a `Code` other than `Success`, as from IMDS.',
    'gRPC is the code between server and agent.',
    '',
    '| reason | meaning | what to do | HTTP | gRPC | Event | log level |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
