import { parseJson, record, textOf } from '@rolegate/runtime';

/** An API call with the role of a node. */
export interface NodeEvent {
  /** The EC2 instance, which names the session. */
  readonly instance: string;
  readonly roleArn: string;
  readonly service: string;
  readonly action: string;
  /** The first products of the User-Agent, without versions. */
  readonly software: string;
  readonly sourceIp: string;
  readonly time: string;
}

const INSTANCE = /(?:^|:)(i-[0-9a-f]{8,17})$/;
/** Every event of a node contains it, and few others do. Most records are not parsed. */
const SIGN = Buffer.from(':i-');
const MOST_PRODUCTS = 2;

/** Whether a record is an event of CloudTrail. */
export function isEvent(bytes: Buffer): boolean {
  const event = record(parseJson(bytes.toString()));
  return typeof event['eventSource'] === 'string' || typeof event['CloudTrailEvent'] === 'string';
}

/** undefined: not an event of a node. 'unreadable': not JSON. */
export function nodeEvent(bytes: Buffer): NodeEvent | 'unreadable' | undefined {
  if (!bytes.includes(SIGN)) return undefined;
  const parsed = parseJson(bytes.toString());
  if (parsed === undefined) return 'unreadable';
  const event = record(parsed);
  // `aws cloudtrail lookup-events` has the event as a text inside.
  const inner = textOf(event['CloudTrailEvent']);
  return eventOf(inner === '' ? event : record(parseJson(inner)));
}

function eventOf(event: Record<string, unknown>): NodeEvent | undefined {
  const identity = record(event['userIdentity']);
  const [, instance] = INSTANCE.exec(textOf(identity['principalId'])) ?? [];
  if (identity['type'] !== 'AssumedRole' || instance === undefined) return undefined;
  const issuer = record(record(identity['sessionContext'])['sessionIssuer']);
  return {
    instance,
    roleArn: textOf(issuer['arn']),
    service: textOf(event['eventSource']).replace(/\.amazonaws\.com$/, ''),
    action: textOf(event['eventName']),
    software: productsOf(textOf(event['userAgent'])),
    sourceIp: textOf(event['sourceIPAddress']),
    time: textOf(event['eventTime']),
  };
}

function productsOf(userAgent: string): string {
  const products = [...userAgent.slice(0, 500).matchAll(/(?:^|[\s[])([\w.+-]+)\/\S/g)].map(
    ([, name]) => name,
  );
  return products.slice(0, MOST_PRODUCTS).join(' ') || userAgent.slice(0, 40);
}
