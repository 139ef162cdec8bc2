import { outputOf } from './commands.ts';
import type { RunCommand } from './commands.ts';

/** A network interface of the node. */
export interface Device {
  readonly name: string;
  readonly mac: string;
  readonly isBridge: boolean;
}

/** The interfaces of this process's network namespace. Rejects with the error output of `ip`. */
export async function listDevices(run: RunCommand): Promise<readonly Device[]> {
  const all: unknown = JSON.parse(outputOf('ip', await run('ip', ['-json', '-details', 'link', 'show'])));
  return (Array.isArray(all) ? all : []).flatMap((entry: unknown): Device[] => {
    const { ifname, address, linkinfo } = Object(entry) as Record<string, unknown>;
    const { info_kind: kind } = Object(linkinfo) as Record<string, unknown>;
    if (typeof ifname !== 'string') return [];
    return [{ name: ifname, mac: typeof address === 'string' ? address : '', isBridge: kind === 'bridge' }];
  });
}
