import { createMemory } from '@rolegate/runtime';
import type { AgentMemory } from '../memory/memory.ts';
import { createOwnedAddresses } from './owned-addresses.ts';
import type { Claim } from './claim.ts';
import { BEFORE_ALL, inOrder } from './cni-files/learned.ts';
import { createFileClaims } from './file-claims.ts';
import type { FileClaims } from './file-claims.ts';
import { createPodClaims } from './pod-claims.ts';

/** Nothing ages by this clock. */
const NO_CLOCK = { monotonic: () => 0, schedule: () => () => undefined };

export interface AddressClaims extends Omit<FileClaims, 'claims'> {
  /** The Pod had a result until the runtime removed it. */
  readonly remember: (pod: string) => void;

  /** In the order in which they were learned of. */
  readonly all: () => readonly Claim[];
  /** The last claim on an address, whatever its state. */
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
  /** By default nothing is forgotten because of its age, only because of its size. */
  readonly memory?: AgentMemory | undefined;
  /** True if the feed names the Pod (a UID, or namespace/name): what is known about it must not age. By default true for all. */
  readonly isNamed?: ((pod: string) => boolean) | undefined;
}

/**
 * Which file claims which address (ADR 4). Only a Pod's newest result counts. Of two claims on an address, the one learned of
 * last owns it permanently.
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
