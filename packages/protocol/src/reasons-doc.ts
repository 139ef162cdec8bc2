import { status } from '@grpc/grpc-js';
import { reasons } from './reasons.ts';

/** docs/reasons.md, from the one table. */
export function reasonsDoc(): string {
  const rows = Object.entries(reasons).map(
    ([name, { meaning, remedy, http, grpc, event, level }]) =>
      `| \`${name}\` | ${meaning} | ${remedy} | ${http} | ${status[grpc]} | ${event ? 'yes' : ''} | ${level} |`,
  );
  return [
    '# Reasons',
    '',
    'Why a Pod got no credentials, or an agent no answer: `reason` in logs, metrics and Events. The HTTP status is that of the',
    'credentials call; an Event is written for annotated Pods only, at most one a reason in five minutes.',
    '',
    '| reason | it means | what to do | HTTP | gRPC | Event | level |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
