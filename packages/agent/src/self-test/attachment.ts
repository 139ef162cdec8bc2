import type { Device } from '../interception/devices.ts';
import type { HostInterface } from '../interception/rules/host-interfaces.ts';
import { createInterfaceMatch } from '../interception/rules/host-interfaces.ts';

/** How the stand-in Pod is connected to the node. */
export interface Attachment {
  /** The node's end of its pair of interfaces. */
  readonly device: string;
  /** Present: the bridge that the end is a port of. */
  readonly bridge?: string;
}

/** The longest name that Linux gives an interface. */
const LONGEST_NAME = 15;
const OWN_NAME = 'rolegate0';

/**
 * Where a Pod would have to be for `--host-interface` to lead its requests to the agent. Throws where no Pod can be stood in
 * for, e.g. because the interface is not there yet.
 */
export function chooseAttachment(entries: readonly HostInterface[], devices: readonly Device[]): Attachment {
  const wanted = entries.filter(({ negated }) => !negated);
  const matches = createInterfaceMatch(entries);
  const candidates =
    wanted.length === 0
      ? [OWN_NAME]
      : wanted.flatMap(({ name, prefix }) => (prefix ? [`${name}${OWN_NAME}`] : []));
  const device = candidates.map((name) => name.slice(0, LONGEST_NAME)).find(matches);
  if (device !== undefined) return { device };
  const bridge = devices.find(({ name, isBridge }) => isBridge && matches(name));
  if (bridge !== undefined) return { device: OWN_NAME, bridge: bridge.name };
  throw new Error('no interface that --host-interface names can be added, and no such bridge is there');
}
