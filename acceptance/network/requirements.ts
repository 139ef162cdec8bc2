import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { outputOf, PLAIN_ENV } from '@rolegate/testing';

const TOOLS = [
  'ip',
  'nsenter',
  'setpriv',
  'curl',
  'conntrack',
  'nft',
  ...['nft', 'legacy'].flatMap((backend) =>
    ['iptables', 'ip6tables'].flatMap((name) => [`${name}-${backend}`, `${name}-${backend}-save`]),
  ),
];

/** Reasons why this machine cannot run suites in network namespaces; empty if it can. */
export async function missingHere(): Promise<{
  readonly root: boolean;
  readonly reasons: readonly string[];
}> {
  const root = process.getuid?.() === 0;
  if (!root) return { root, reasons: ['needs root to create network namespaces'] };
  const absent = [...new Set(TOOLS)]
    .filter((tool) => !isOnPath(tool))
    .map((tool) => `${tool} is not installed`);
  return { root, reasons: absent.length > 0 ? absent : await refusedNamespace() };
}

/** Root in a container may not be allowed to create namespaces. */
async function refusedNamespace(): Promise<string[]> {
  const name = `rg${process.pid}-try`;
  try {
    await outputOf(['ip', 'netns', 'add', name]);
    await outputOf(['ip', 'netns', 'del', name]);
    return [];
  } catch (error) {
    return [`cannot create network namespaces: ${String(error)}`];
  }
}

function isOnPath(tool: string): boolean {
  return PLAIN_ENV.PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
