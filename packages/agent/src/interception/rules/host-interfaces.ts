import { fault, quoted } from '@rolegate/runtime';
import type { ValueKind } from '@rolegate/runtime';

/** The interfaces on which Pods' traffic arrives, in the syntax of kiam and kube2iam (iptables' `-i`). */
export interface HostInterface {
  /** Without `!` and `+`; '' with `prefix` means every interface. */
  readonly name: string;
  /** Ends in `+`: every interface whose name begins with it. */
  readonly prefix: boolean;
  /** Begins with `!`: every interface but these. */
  readonly negated: boolean;
}

/** No match on interfaces: correct if only Pods send to the metadata addresses through the node. */
export const AUTO = 'auto';

/** Linux's IFNAMSIZ without the final byte; a `+` uses one of them. */
const LONGEST_NAME = 15;

/** Linux allows more characters, some of which iptables-restore and `ip` would misinterpret. */
const ENTRY = /^(!?)\s*((?:[A-Za-z0-9_][A-Za-z0-9_.@:-]*)?)(\+?)$/;

/** One entry of `--host-interface`. */
export const hostInterface: ValueKind<HostInterface | typeof AUTO> = {
  placeholder: 'INTERFACE',
  parse(given) {
    if (given === AUTO) return { value: AUTO };
    const [, not = '', name = '', plus = ''] = ENTRY.exec(given) ?? [];
    if (name + plus === '' || name.length + plus.length > LONGEST_NAME) {
      return fault(
        `${quoted(given)} is not an interface; use a form such as cali+, eni+, cni0 or !eth0, or auto`,
      );
    }
    return { value: { name, prefix: plus !== '', negated: not !== '' } };
  },
};

/** One entry of `--exclude-interface`: `ip rule` matches only full names. */
export const exactInterface: ValueKind<string> = {
  placeholder: 'INTERFACE',
  parse(given) {
    const parsed = hostInterface.parse(given);
    return 'value' in parsed && parsed.value !== AUTO && !parsed.value.prefix && !parsed.value.negated
      ? { value: given }
      : fault(`${quoted(given)} is not a full interface name; use a form such as tap0, without ! and +`);
  },
};

/** In the syntax of iptables and `--host-interface`. */
export function interfaceText({ name, prefix, negated }: HostInterface): string {
  return `${negated ? '!' : ''}${name}${prefix ? '+' : ''}`;
}

/** True if the entry names the interface, whether or not it is negated. */
function namesInterface({ name, prefix }: HostInterface, device: string): boolean {
  return prefix ? device.startsWith(name) : device === name;
}

/**
 * Decides whether traffic from an interface is redirected to the agent: no negated entry names it, and a positive entry does
 * unless there are none. Without entries every interface matches.
 */
export function createInterfaceMatch(entries: readonly HostInterface[]): (device: string) => boolean {
  const wanted = entries.filter(({ negated }) => !negated);
  const unwanted = entries.filter(({ negated }) => negated);
  return (device) =>
    !unwanted.some((entry) => namesInterface(entry, device)) &&
    (wanted.length === 0 || wanted.some((entry) => namesInterface(entry, device)));
}

/** The entries that match none of the existing interfaces. */
export function unmatchedInterfaces(
  entries: readonly HostInterface[],
  devices: readonly string[],
): readonly HostInterface[] {
  return entries.filter((entry) => !devices.some((device) => namesInterface(entry, device)));
}
