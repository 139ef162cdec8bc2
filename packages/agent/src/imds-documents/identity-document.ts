import { imdsJson } from './credentials-document.ts';

/** An instance's architecture as EC2 writes it. */
export type Architecture = 'x86_64' | 'arm64';

/** All that the reduced document says. */
export interface ReducedIdentity {
  readonly region: string;
  /** Undefined if the node's IMDS names none. */
  readonly availabilityZone: string | undefined;
  /** Undefined if EC2 has no word for it. */
  readonly architecture: Architecture | undefined;
  /** The account of the Pod's role; '' without one: the node's own account is nobody's business. */
  readonly accountId: string;
}

/** Of the document's format, unchanged since (EC2 User Guide, "Instance identity documents"). */
const VERSION = '2017-09-30';

/**
 * The document that the Go and Java SDKs take their region from, with nothing in it that is the node's alone. Its order is that
 * of EC2's: alphabetical.
 */
export function reducedIdentityDocument(identity: ReducedIdentity): string {
  const { region, availabilityZone, architecture, accountId } = identity;
  const members: readonly (readonly [name: string, value: string | undefined])[] = [
    ['accountId', accountId === '' ? undefined : accountId],
    ['architecture', architecture],
    ['availabilityZone', availabilityZone],
    ['region', region],
    ['version', VERSION],
  ];
  return imdsJson(members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** EC2's word for what Node calls the processor (`process.arch`). */
export function architectureOf(nodeArch: string): Architecture | undefined {
  if (nodeArch === 'x64') return 'x86_64';
  return nodeArch === 'arm64' ? 'arm64' : undefined;
}
