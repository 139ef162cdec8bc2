import { parseJson, record } from '@rolegate/runtime';

/** The members that SDKs read ("Container credential provider", AWS SDKs and Tools Reference Guide), in their order. */
const MEMBERS = ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration', 'AccountId'] as const;

/** The document of the endpoint, from that of the metadata API, which is the only place that holds the secret. */
export function containerDocument(imdsDocument: string): string {
  const members = record(parseJson(imdsDocument));
  return JSON.stringify(members, [...MEMBERS]);
}
