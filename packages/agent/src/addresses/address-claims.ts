import { createMemory } from '@rolegate/runtime';
import type { AgentMemory } from '../memory/memory.ts';
import { createOwnedAddresses } from './owned-addresses.ts';
import type { Claim } from './claim.ts';
import { BEFORE_ALL, inOrder } from './cni-files/learned.ts';
import { createFileClaims } from './file-claims.ts';
import type { FileClaims } from './file-claims.ts';
import { createPodClaims } from './pod-claims.ts';

/** Nothing grows old by it. */
const NO_CLOCK = { monotonic: () => 0, schedule: () => () => undefined };

export interface AddressClaims extends Omit<FileClaims, 'claims'> {
  /** The Pod had a result until the runtime removed it. */
  readonly remember: (pod: string) => void;

  /** In the order in which they were learned of. */
  readonly all: () => readonly Claim[];
  /** The last claim on an address, whatever has become of it. */
  readonly lastOn: (ip: string) => Claim | undefined;
  readonly addresses: () => Iterable<readonly [ip: string, last: Claim]>;
  readonly newestOf: (pod: string) => Claim | undefined;
  /** The runtime removed the Pod's newest result. */
  readonly isReturned: (pod: string) => boolean;
  readonly returned: () => readonly string[];
}

export interface AddressClaimsDeps {
  /** Called when a claim loses an address. */
  readonly released: () => void;
  /** By default nothing is forgotten because of its age, only because there is too much. */
  readonly memory?: AgentMemory | undefined;
  /** The feed names the Pod (a UID, or namespace/name): what is known of it must not grow old. By default it names all. */
  readonly isNamed?: ((pod: string) => boolean) | undefined;
}

/**
 * Which file claims which address (ADR 4). A Pod's newest result is its only one, and of two claims on an address the one that
 * was learned of last takes it for good.
 */
export function createAddressClaims({
  released,
  memory = createMemory({ clock: NO_CLOCK }),
  isNamed = () => true,
}: AddressClaimsDeps): AddressClaims {
  const addresses = createOwnedAddresses({ released, memory });
  const pods = createPodClaims({ memory, isNamed, dropped: addresses.raiseHorizon });
  const { claims, ...files } = createFileClaims({ pods, addresses, memory });

  return {
    ...files,
    remember: (pod) => {
      pods.remember(pod, BEFORE_ALL);
    },
    all: () => inOrder([...claims()].map((claim) => [claim.learned, claim])),
    lastOn: addresses.lastOn,
    addresses: addresses.addresses,
    newestOf: pods.newestOf,
    isReturned: pods.isReturned,
    returned: pods.returned,
  };
}
