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

/** Why this machine cannot run the test; empty where it can. */
export async function missingHere(): Promise<{
  readonly root: boolean;
  readonly reasons: readonly string[];
}> {
  const root = process.getuid?.() === 0;
  if (!root) return { root, reasons: ['needs root: network namespaces are made'] };
  const absent = [...new Set(TOOLS)]
    .filter((tool) => !isOnPath(tool))
    .map((tool) => `${tool} is not installed`);
  return { root, reasons: absent.length > 0 ? absent : await refusedNamespace() };
}

/** A container may have root and still not be let. */
async function refusedNamespace(): Promise<string[]> {
  const name = `rg${process.pid}-try`;
  try {
    await outputOf(['ip', 'netns', 'add', name]);
    await outputOf(['ip', 'netns', 'del', name]);
    return [];
  } catch (error) {
    return [`no network namespace can be made: ${String(error)}`];
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
