import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of a world. */
interface Folder {
  readonly folder: string;
}

export function kubeconfigOf({ folder }: Folder): string {
  return join(folder, 'kubeconfig');
}

/** The folder with `kubectl-rolegate`, for a PATH. */
export function pluginFolder({ folder }: Folder): string {
  return join(folder, 'bin');
}

/** The program kubectl-rolegate. */
export function pluginOf(world: Folder): string {
  return join(pluginFolder(world), 'kubectl-rolegate');
}

/** Writes the program, which asks this world whatever the kubeconfig of its user is. */
export async function writePlugin(world: Folder): Promise<void> {
  await mkdir(pluginFolder(world));
  const command = `'${process.execPath}' '${fileURLToPath(import.meta.resolve('@rolegate/cli/main'))}'`;
  const script = `#!/bin/sh\nKUBECONFIG='${kubeconfigOf(world)}' exec ${command} "$@"\n`;
  await writeFile(pluginOf(world), script, { mode: 0o755 });
}
