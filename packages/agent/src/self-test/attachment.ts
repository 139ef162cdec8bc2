import type { Device } from '../interception/devices.ts';
import type { HostInterface } from '../interception/rules/host-interfaces.ts';
import { createInterfaceMatch } from '../interception/rules/host-interfaces.ts';

/** How the test Pod is connected to the node. */
export interface Attachment {
  /** The node's end of the veth pair. */
  readonly device: string;
  /** Set if the node's end is a port of this bridge. */
  readonly bridge?: string;
}

/** Linux's limit for interface names. */
const LONGEST_NAME = 15;
/** Not the link of container credentials, which has the node's addresses. */
const OWN_NAME = 'rgtest0';

/**
 * Where a Pod must be attached so that `--host-interface` redirects its requests to the agent. Throws if no test Pod can be
 * attached, for example because the interface does not exist yet.
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
  throw new Error('no interface can be created that --host-interface matches, and no bridge matches it');
}
