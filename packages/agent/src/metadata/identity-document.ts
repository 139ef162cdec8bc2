import { imdsJson } from './credentials-document.ts';

/** All that the reduced document says. */
export interface ReducedIdentity {
  readonly region: string;
  /** Undefined where the node's IMDS names none. */
  readonly availabilityZone: string | undefined;
  /** The account of the Pod's role; '' without one: the node's own account is nobody's business. */
  readonly accountId: string;
}

/** The document that the Go and Java SDKs take their region from, with nothing in it that is the node's alone. */
export function reducedIdentityDocument({ region, availabilityZone, accountId }: ReducedIdentity): string {
  return imdsJson([
    ...(accountId === '' ? [] : [['accountId', accountId] as const]),
    ...(availabilityZone === undefined ? [] : [['availabilityZone', availabilityZone] as const]),
    ['region', region],
  ]);
}
