import { outputOf } from './commands.ts';
import type { RunCommand } from './commands.ts';

/** Only a link of this name is ours. */
export const LINK_NAME = 'rolegate0';

/** Our link as the kernel has it. */
export interface EndpointLink {
  readonly isUp: boolean;
  /** With prefix length, without link-local ones, which IPv6 gives every link. */
  readonly addresses: readonly string[];
}

/** The link of the container credentials endpoint in this network namespace. All reject with the error output of `ip`. */
export interface EndpointLinks {
  /** Undefined: the link does not exist. */
  readonly read: () => Promise<EndpointLink | undefined>;
  readonly create: () => Promise<void>;
  readonly setUp: () => Promise<void>;
  /** With prefix length. */
  readonly addAddress: (address: string) => Promise<void>;
  readonly removeAddress: (address: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Another process was faster, such as another agent's reconcile during an upgrade. In the words of old and new kernels. */
const IS_THERE = /File exists|already assigned/i;
const IS_GONE = /does not exist|Cannot find device|Cannot assign requested address|Address not found/i;

/** Implemented with iproute2's `ip`. */
export function createEndpointLinks({ run }: { readonly run: RunCommand }): EndpointLinks {
  async function change(args: readonly string[], isDone: RegExp): Promise<void> {
    const outcome = await run('ip', args);
    if (!isDone.test(outcome.stderr)) outputOf(`ip ${args.slice(0, 2).join(' ')}`, outcome);
  }

  /** A dummy leads nowhere. So does a bridge without ports, for kernels without the dummy driver. */
  async function create(): Promise<void> {
    const { code, stderr } = await run('ip', ['link', 'add', LINK_NAME, 'type', 'dummy']);
    if (code === 0 || IS_THERE.test(stderr)) return;
    await change(['link', 'add', LINK_NAME, 'type', 'bridge'], IS_THERE);
  }

  return {
    create,
    async read() {
      const outcome = await run('ip', ['-json', 'address', 'show', 'dev', LINK_NAME]);
      return IS_GONE.test(outcome.stderr) ? undefined : parseLink(outputOf('ip', outcome));
    },
    setUp: () => change(['link', 'set', LINK_NAME, 'up'], /^$/),
    addAddress(address) {
      // Without duplicate address detection IPv6 is ready at once; without a prefix route it disturbs no other link with the address.
      const flags = address.includes(':') ? ['noprefixroute', 'nodad'] : [];
      return change(['address', 'add', address, 'dev', LINK_NAME, ...flags], IS_THERE);
    },
    removeAddress: (address) => change(['address', 'del', address, 'dev', LINK_NAME], IS_GONE),
    remove: () => change(['link', 'delete', LINK_NAME], IS_GONE),
  };
}

/** Our link in the output of `ip -json address show`. */
export function parseLink(json: string): EndpointLink | undefined {
  const all: unknown = json.trim() === '' ? [] : JSON.parse(json);
  const rows = (Array.isArray(all) ? all : []).map((row: unknown) => Object(row) as Record<string, unknown>);
  const row = rows.find(({ ifname }) => ifname === LINK_NAME);
  if (row === undefined) return undefined;
  const { flags, addr_info: addresses } = row;
  return {
    isUp: Array.isArray(flags) && flags.includes('UP'),
    addresses: (Array.isArray(addresses) ? addresses : []).flatMap((address: unknown) => {
      const { local, prefixlen, scope } = Object(address) as Record<string, unknown>;
      const isOther = typeof local === 'string' && typeof prefixlen === 'number' && scope !== 'link';
      return isOther ? [`${local}/${prefixlen}`] : [];
    }),
  };
}
