import { readFile } from 'node:fs/promises';
import { outputOf } from '@rolegate/testing';

export interface ReadmeLines {
  /** Creates the Namespace. */
  namespace(): Promise<void>;
  /** Installs both charts. The folder has server.yaml. */
  install(folder: string): Promise<void>;
}

export interface ReadmeDeps {
  readonly kubeconfig: string;
  /** Of the release that was pushed. */
  readonly registry: string;
}

/** Runs the lines of the README that install a release. Throws if the README has other lines than this knows. */
export async function readReadmeLines({ kubeconfig, registry }: ReadmeDeps): Promise<ReadmeLines> {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([^`]*)^```$/gm)].map(([, lines = '']) => lines);
  const lines = (blocks.find((block) => block.includes('oci://')) ?? '').trimEnd().split('\n');
  const [registryLine, releaseLine, namespaceLine, ...helmLines] = lines;
  // The caller has done what these do.
  const known = /^export R=\S+$/.test(registryLine ?? '') && releaseLine === RELEASE;
  if (!known || namespaceLine === undefined || helmLines.length !== 2)
    throw new Error(`unknown lines in README.md:\n${lines.join('\n')}`);
  const env = { ...process.env, KUBECONFIG: kubeconfig, R: registry };
  const shell = async (line: string, cwd?: string) => {
    await outputOf(['sh', '-c', line], { env, timeoutMs: 60_000, ...(cwd !== undefined && { cwd }) });
  };
  return {
    namespace: () => shell(namespaceLine),
    async install(folder) {
      for (const line of helmLines) await shell(line, folder);
    },
  };
}

const RELEASE = 'npm run release -- --registry $R --push';
