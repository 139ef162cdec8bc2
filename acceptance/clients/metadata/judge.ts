import { DID_NOT_END } from '../run-client.ts';
import type { Seen } from '../run-client.ts';
import { POD_ACCOUNT } from './pods.ts';
import type { SeenAnswer, SeenRequest } from './requests.ts';
import { metadataSituations } from './situations.ts';
import type { MetadataSituation, RefusalName } from './situations.ts';
import type { MetadataTrial } from './trial.ts';

/** The region of the node, by the stand-in for its IMDS. */
const NODE_REGION = 'eu-central-1';
/** Workers of a crowd. */
const CROWD = 100;
/** A client that sends more after a refusal is in a loop. The SDK for Go 2 sends 18 after 401, and Polars 36 after 503. */
const MOST_REQUESTS = 50;
/** Lower statuses announce an answer: s3fs asks for a token with `Expect: 100-continue`. */
const FIRST_FINAL_STATUS = 200;

/** Half of what is left of a hold of 950 ms after 900 ms. Milliseconds. */
const MOST_LATER_MS = 25;

/** What is wrong with a trial; empty if nothing is. About `late3000`, only patient clients are judged; the others are for the table. */
export function metadataProblems(trial: MetadataTrial): readonly string[] {
  const { client, situation } = trial;
  switch (situation) {
    case 'known':
    case 'late300':
    case 'heldLonger':
      return heldProblems(trial);
    case 'late900':
      if (client.patient === true) return heldProblems(trial);
      return client.asksAgain === true ? firstTryProblems(trial) : recordedProblems(trial);
    case 'late3000':
      return client.patient === true ? heldProblems(trial) : recordedProblems(trial);
    case 'region':
      return regionProblems(trial);
    case 'crowd':
      return [...servedProblems(trial, CROWD), ...sharingProblems(trial)];
    case 'ipv6':
      return [...servedProblems(trial, 1), ...otherFamilyProblems(trial)];
    case 'imdsv2':
      return client.imdsv1 === true ? tokenlessProblems(trial) : heldProblems(trial);
    case 'restart':
      return [...servedProblems(trial, 2), ...restartProblems(trial)];
    case '401':
    case '403':
    case '404':
    case '503':
      return refusedProblems(trial, situation);
  }
}

export function requestsOf({ packets }: Pick<MetadataTrial, 'packets'>): readonly SeenRequest[] {
  return packets.filter((packet) => packet.kind === 'request');
}

/** The statuses of the answers, in order. */
function statusesOf({ packets }: Pick<MetadataTrial, 'packets'>): readonly number[] {
  return packets
    .filter((packet): packet is SeenAnswer => packet.kind === 'answer')
    .map(({ status }) => status)
    .filter((status) => status >= FIRST_FINAL_STATUS);
}

/** The application asks once and gets what it wants, although its Pod becomes known as late as the situation says. */
function firstTryProblems(trial: MetadataTrial): string[] {
  return [...servedProblems(trial, 1), ...latenessProblems(trial)];
}

/** The same, and no request is refused meanwhile: a client that is not held long enough would only be saved by asking again. */
function heldProblems(trial: MetadataTrial): string[] {
  const refused = statusesOf(trial).filter((status) => status !== 200 && status !== 404);
  const refusals = new Set(refused.map((status) => `was answered with ${status}`));
  return [...firstTryProblems(trial), ...refusals];
}

/** Each outcome must be a success with the credentials of the Pod's role. */
function servedProblems(trial: MetadataTrial, times: number): string[] {
  const { client, seen, packets } = trial;
  if (client.misreads !== undefined) return misreadProblems(trial);
  const problems = seen.flatMap((one) => problemOf(one, client.metadataOnly === true));
  if (seen.length !== times) problems.push(`reported ${seen.length} outcomes, not ${times}`);
  if (packets.length === 0) problems.push('did not ask the metadata API');
  return [...new Set(problems)];
}

/** The client gets the document, whatever it makes of it. */
function misreadProblems(trial: MetadataTrial): string[] {
  const last = requestsOf(trial).at(-1);
  const statuses = statusesOf(trial);
  return [
    ...(trial.seen.some(({ ok }) => ok) ? ['has credentials although its release misreads them'] : []),
    ...(last !== undefined && isForCredentials(last) ? [] : ['did not ask for credentials']),
    ...(statuses.length > 0 && statuses.every((status) => status === 200)
      ? []
      : [`was answered with ${statuses.join(', ')}`]),
  ];
}

/** True: for the document with the credentials of a role, not for the name of the role. */
function isForCredentials({ path }: Pick<SeenRequest, 'path'>): boolean {
  return /\/security-credentials\/+[^/]/.test(path);
}

function problemOf({ ok, account, accessKeyId, error, tookMs }: Seen, metadataOnly: boolean): string[] {
  if (!ok) return [`failed after ${tookMs} ms: ${error}`];
  if (metadataOnly) return [];
  if (account !== POD_ACCOUNT) return [`got credentials of account ${account}, not ${POD_ACCOUNT}`];
  return accessKeyId === '' ? ['reported no access key'] : [];
}

/** How long after the first request the Pod became known. Milliseconds; undefined: it did not. */
function latenessOf({ packets, knownMs }: Pick<MetadataTrial, 'packets' | 'knownMs'>): number | undefined {
  const [first] = packets;
  return knownMs === undefined || first === undefined ? undefined : knownMs - first.atMs;
}

/** True: a starved machine has made the Pod known so much later than the situation says that the trial tells nothing. */
export function isTooLate({ situation, packets, knownMs }: MetadataTrial): boolean {
  const { lateMs }: MetadataSituation = metadataSituations[situation];
  const lateness = latenessOf({ packets, knownMs });
  return lateMs !== undefined && lateness !== undefined && lateness > lateMs + MOST_LATER_MS;
}

/** The Pod must have become known after the first request, and not before the situation says. */
function latenessProblems({ situation, packets, knownMs }: MetadataTrial): string[] {
  const { lateMs }: MetadataSituation = metadataSituations[situation];
  if (lateMs === undefined || packets.length === 0) return [];
  const lateness = latenessOf({ packets, knownMs });
  if (lateness === undefined) return ['ended before its Pod became known'];
  return lateness < lateMs ? [`its Pod became known after ${lateness} ms, not ${lateMs} ms`] : [];
}

/** Whatever the client sees, it must end, and may not have foreign credentials. */
function recordedProblems({ client, seen, packets }: MetadataTrial): string[] {
  const problems = seen.flatMap((one) => (one.ok ? problemOf(one, client.metadataOnly === true) : []));
  if (seen.length !== 1) problems.push(`reported ${seen.length} outcomes, not 1`);
  if (packets.length === 0) problems.push('did not ask the metadata API');
  return [...problems, ...endlessProblems({ seen, packets })];
}

/** It must ask before and after the restart, and have other credentials then. */
function restartProblems({ seen, packets, restart }: MetadataTrial): string[] {
  if (restart === undefined) return ['the agent was not restarted'];
  const { beganMs, endedMs } = restart;
  const during = packets.some(({ atMs }) => atMs >= beganMs && atMs <= endedMs);
  const [first, second] = seen;
  return [
    ...(during ? ['asked during the restart'] : []),
    ...(packets.some(({ atMs }) => atMs < beganMs) ? [] : ['did not ask before the restart']),
    ...(packets.some(({ atMs }) => atMs > endedMs) ? [] : ['did not ask after the restart']),
    ...(first?.ok === true && first.accessKeyId === second?.accessKeyId ? ['used the same key again'] : []),
  ];
}

function regionProblems({ seen, packets }: MetadataTrial): string[] {
  const problems = seen.flatMap(({ ok, region = '', error, tookMs }) => {
    if (!ok) return [`failed after ${tookMs} ms: ${error}`];
    return region === NODE_REGION ? [] : [`got region "${region}", not ${NODE_REGION}`];
  });
  if (seen.length !== 1) problems.push(`reported ${seen.length} outcomes, not 1`);
  if (packets.length === 0) problems.push('did not ask the metadata API');
  return problems;
}

/** Each worker must ask for itself. */
function sharingProblems(trial: MetadataTrial): string[] {
  const asked = requestsOf(trial).filter(isForCredentials).length;
  return asked < CROWD ? [`asked for credentials only ${asked} times`] : [];
}

function otherFamilyProblems(trial: MetadataTrial): string[] {
  return requestsOf(trial).every(({ family }) => family === 'ipv6') ? [] : ['asked the IPv4 address'];
}

/** A client of IMDSv1 is refused where IMDSv2 is required. */
function tokenlessProblems(trial: MetadataTrial): string[] {
  const shown = requestsOf(trial).some(({ token }) => token) ? ['showed a token'] : [];
  return [...shown, ...refusedProblems(trial, '401')];
}

/** A refused client gets nothing, sees an error, and stops asking by itself. */
function refusedProblems(trial: MetadataTrial, refusal: RefusalName): string[] {
  const { client, seen, packets } = trial;
  const problems: string[] = [];
  if (seen.length !== 1) problems.push(`reported ${seen.length} outcomes, not 1`);
  for (const { ok, account } of seen) if (ok) problems.push(`got credentials of account ${account}`);
  const statuses = new Set(statusesOf(trial));
  const wanted = Number(refusal);
  // A hurried client has left before a hold ends.
  const isLeft = client.hurried === true && refusal === '503';
  if (!statuses.has(wanted) && !isLeft) problems.push(`was not answered with ${refusal}`);
  // A role's name and the token are given out before the refusal; not every client finds what else it looks for.
  for (const status of statuses)
    if (![200, 404, wanted].includes(status)) problems.push(`was answered with ${status}`);
  return [...problems, ...endlessProblems({ seen, packets })];
}

function endlessProblems({ seen, packets }: Pick<MetadataTrial, 'seen' | 'packets'>): string[] {
  const count = requestsOf({ packets }).length;
  const endless = seen.some(({ error }) => error === DID_NOT_END);
  return [
    ...(count > MOST_REQUESTS ? [`sent ${count} requests`] : []),
    ...(endless ? ['did not end by itself'] : []),
  ];
}
