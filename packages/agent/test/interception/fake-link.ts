import type { Outcome } from '../../src/interception/commands.ts';
import { LINK_NAME } from '../../src/interception/endpoint-link.ts';
import { failed, ok } from './fake-node.ts';

export interface FakeLinkState {
  readonly kind: string;
  isUp: boolean;
  /** With prefix length. */
  addresses: string[];
}

/** The link `rolegate0` in memory, behind the commands of `ip`, which answers in the words of iproute2 6.1 on Linux 6.18. */
export function createFakeLink() {
  let state: FakeLinkState | undefined;
  const kinds = new Set(['dummy', 'bridge']);

  function ip(text: string): Outcome | undefined {
    const [, object, verb, rest = ''] =
      /(?:^| )(link|address) (add|set|delete|del|show)(?: (.*))?$/.exec(text) ?? [];
    if (object === undefined || !rest.includes(LINK_NAME)) return undefined;
    if (`${object} ${verb ?? ''}` === 'link add') return add(rest.split(' ').at(-1) ?? '');
    if (state === undefined)
      return failed(
        verb === 'show' ? `Device "${LINK_NAME}" does not exist.` : `Cannot find device "${LINK_NAME}"`,
      );
    const [address = ''] = rest.split(' ');
    if (verb === 'show') return ok(JSON.stringify([printed(state)]));
    if (verb === 'set') state.isUp = true;
    else if (object === 'link') state = undefined;
    else if (verb === 'del') state.addresses = state.addresses.filter((one) => one !== address);
    else if (state.addresses.includes(address)) return failed('Error: ipv4: Address already assigned.');
    else state.addresses.push(address);
    return ok('');
  }

  function add(kind: string): Outcome {
    if (state !== undefined) return failed('RTNETLINK answers: File exists');
    if (!kinds.has(kind)) return failed('Error: Unknown device type.');
    state = { kind, isUp: false, addresses: [] };
    return ok('');
  }

  return {
    /** Undefined: not about the link. */
    ip,
    /** Kinds of links that the kernel has. */
    kinds,
    current: () => state,
    /** As another program does. */
    change(to: Partial<FakeLinkState> | undefined): void {
      state = to && { kind: 'dummy', isUp: true, addresses: [], ...state, ...to };
    },
  };
}

function printed({ isUp, addresses }: FakeLinkState): object {
  return {
    ifname: LINK_NAME,
    flags: ['BROADCAST', 'NOARP', ...(isUp ? ['UP', 'LOWER_UP'] : [])],
    addr_info: addresses.map((address) => {
      const [local, prefixlen] = address.split('/');
      return { local, prefixlen: Number(prefixlen), scope: 'global' };
    }),
  };
}
