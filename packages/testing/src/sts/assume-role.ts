import type { Fault, Query } from './query.ts';
import { parseRoleArn } from './role-arn.ts';

/** A received AssumeRole call, whatever its result. */
export interface AssumeRoleCall {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly durationSeconds: number;
  /** The caller, and the region for which the call was signed. */
  readonly callerKeyId: string | undefined;
  readonly region: string | undefined;
  /** Milliseconds since the epoch by the fake's clock. */
  readonly atMs: number;
}

/** Lifetime without DurationSeconds. Seconds. */
const DEFAULT_DURATION_SECONDS = 3600;

/** STS API reference, AssumeRole: patterns and lengths of the parameters. */
const PATTERNS = [
  ['roleSessionName', /^[\w+=,.@-]{2,64}$/],
  ['externalId', /^[\w+=,.@:/-]{2,1224}$/],
  ['sourceIdentity', /^[\w+=,.@-]{2,64}$/],
] as const;

export function readAssumeRole({ fields, accessKeyId, region }: Query, atMs: number): AssumeRoleCall {
  return {
    roleArn: fields.get('RoleArn') ?? '',
    sessionName: fields.get('RoleSessionName') ?? '',
    externalId: fields.get('ExternalId'),
    sourceIdentity: fields.get('SourceIdentity'),
    tags: readTags(fields),
    durationSeconds: Number(fields.get('DurationSeconds') ?? DEFAULT_DURATION_SECONDS),
    callerKeyId: accessKeyId,
    region,
    atMs,
  };
}

/** STS's error for a call with invalid parameters. Undefined if they are valid. */
export function invalidity(call: AssumeRoleCall): Fault | undefined {
  const values = {
    roleSessionName: call.sessionName,
    externalId: call.externalId,
    sourceIdentity: call.sourceIdentity,
  };
  if (parseRoleArn(call.roleArn) === undefined) return invalid(`${call.roleArn} is invalid`);
  for (const [field, pattern] of PATTERNS) {
    const value = values[field];
    if (value !== undefined && !pattern.test(value))
      return invalid(
        `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: ` +
          `Member must satisfy regular expression pattern: ${pattern.source}`,
      );
  }
  if (!(call.durationSeconds >= 900 && call.durationSeconds <= 43_200))
    return invalid(
      `1 validation error detected: Value '${call.durationSeconds}' at 'durationSeconds' failed to satisfy ` +
        'constraint: Member must have value between 900 and 43200',
    );
  return tagInvalidity(call.tags);
}

/** A caller with temporary credentials gets at most an hour. A role's own limit applies to all. */
export function durationFault(
  { durationSeconds }: AssumeRoleCall,
  { chained, maxSeconds }: { readonly chained: boolean; readonly maxSeconds: number },
): Fault | undefined {
  if (chained && durationSeconds > 3600)
    return invalid(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  if (durationSeconds > maxSeconds)
    return invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return undefined;
}

function tagInvalidity(tags: AssumeRoleCall['tags']): Fault | undefined {
  const keys = new Set(tags.map(([key]) => key.toLowerCase()));
  if (keys.size < tags.length)
    return invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  if (tags.length > 50) return invalid('Tags: Member must have length less than or equal to 50');
  const wrong = tags.find(([key, value]) => key.length < 1 || key.length > 128 || value.length > 256);
  return (
    wrong && invalid(`1 validation error detected: Value at 'tags' failed to satisfy constraint: ${wrong[0]}`)
  );
}

function invalid(message: string): Fault {
  return { status: 400, code: 'ValidationError', message };
}

function readTags(fields: Query['fields']): AssumeRoleCall['tags'] {
  const tags: [string, string][] = [];
  for (let n = 1; fields.has(`Tags.member.${n}.Key`); n++)
    tags.push([fields.get(`Tags.member.${n}.Key`) ?? '', fields.get(`Tags.member.${n}.Value`) ?? '']);
  return tags;
}
