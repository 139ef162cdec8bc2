import { imdsJson } from './credentials-document.ts';

/** An instance's architecture as EC2 writes it. */
export type Architecture = 'x86_64' | 'arm64';

/** All fields of the reduced document. */
export interface ReducedIdentity {
  readonly region: string;
  /** Undefined if the node's IMDS has none. */
  readonly availabilityZone: string | undefined;
  /** Undefined if EC2 has no name for it. */
  readonly architecture: Architecture | undefined;
  /** The account of the Pod's role; '' without one. Never the node's account. */
  readonly accountId: string;
}

/** Version of the document's format, which has never changed (EC2 User Guide, "Instance identity documents"). */
const VERSION = '2017-09-30';

/**
 * The document from which the Go and Java SDKs read their region, without anything specific to the node. Members are in EC2's
 * order: alphabetical.
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

/** EC2's name for a processor in Node.js (`process.arch`). */
export function architectureOf(nodeArch: string): Architecture | undefined {
  if (nodeArch === 'x64') return 'x86_64';
  return nodeArch === 'arm64' ? 'arm64' : undefined;
}
