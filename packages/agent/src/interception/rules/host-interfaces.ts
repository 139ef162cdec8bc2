import { fault, quoted } from '@rolegate/runtime';
import type { ValueKind } from '@rolegate/runtime';

/** Which interfaces Pods' traffic comes in by, in the words of kiam and kube2iam (iptables' `-i`). */
export interface HostInterface {
  /** Without `!` and `+`; '' with `prefix` stands for every interface. */
  readonly name: string;
  /** It ends in `+`: every interface whose name begins so. */
  readonly prefix: boolean;
  /** It begins with `!`: every interface but these. */
  readonly negated: boolean;
}

/** No match on interfaces at all: right wherever nothing but Pods sends to the metadata addresses through the node. */
export const AUTO = 'auto';

/** IFNAMSIZ of Linux less its last byte; a `+` takes one of them. */
const LONGEST_NAME = 15;

/** Linux takes more in a name; iptables-restore and `ip` would take some of it for something else. */
const ENTRY = /^(!?)\s*((?:[A-Za-z0-9_][A-Za-z0-9_.@:-]*)?)(\+?)$/;

/** One entry of `--host-interface`. */
export const hostInterface: ValueKind<HostInterface | typeof AUTO> = {
  placeholder: 'INTERFACE',
  parse(given) {
    if (given === AUTO) return { value: AUTO };
    const [, not = '', name = '', plus = ''] = ENTRY.exec(given) ?? [];
    if (name + plus === '' || name.length + plus.length > LONGEST_NAME) {
      return fault(`${quoted(given)} is no interface; write one such as cali+, eni+, cni0 or !eth0, or auto`);
    }
    return { value: { name, prefix: plus !== '', negated: not !== '' } };
  },
};

/** One entry of `--exclude-interface`: `ip rule` knows whole names only. */
export const exactInterface: ValueKind<string> = {
  placeholder: 'INTERFACE',
  parse(given) {
    const parsed = hostInterface.parse(given);
    return 'value' in parsed && parsed.value !== AUTO && !parsed.value.prefix && !parsed.value.negated
      ? { value: given }
      : fault(`${quoted(given)} is no whole name of an interface; write one such as tap0, without ! and +`);
  },
};

/** As iptables and `--host-interface` write it. */
export function interfaceText({ name, prefix, negated }: HostInterface): string {
  return `${negated ? '!' : ''}${name}${prefix ? '+' : ''}`;
}

/** True for an interface that the entry names, whether or not it is negated. */
function namesInterface({ name, prefix }: HostInterface, device: string): boolean {
  return prefix ? device.startsWith(name) : device === name;
}

/**
 * Tells whether traffic that comes in by a device is led to the agent: no negated entry names it, and there is none that is
 * not negated, or one of those does. Without entries every device is.
 */
export function createInterfaceMatch(entries: readonly HostInterface[]): (device: string) => boolean {
  const wanted = entries.filter(({ negated }) => !negated);
  const unwanted = entries.filter(({ negated }) => negated);
  return (device) =>
    !unwanted.some((entry) => namesInterface(entry, device)) &&
    (wanted.length === 0 || wanted.some((entry) => namesInterface(entry, device)));
}

/** The entries that name none of the devices that are there. */
export function unmatchedInterfaces(
  entries: readonly HostInterface[],
  devices: readonly string[],
): readonly HostInterface[] {
  return entries.filter((entry) => !devices.some((device) => namesInterface(entry, device)));
}
