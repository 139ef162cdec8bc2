import { readFile } from 'node:fs/promises';

/** How an image starts its program. */
export interface ImageFlags {
  /** Flags of Node, as in its entry point. */
  readonly node: readonly string[];
  /** The variables that its final stage sets, without PATH and NODE_COMPILE_CACHE. */
  readonly env: Readonly<Record<string, string>>;
}

/** Read from the Dockerfile, so that what is measured is what runs. Throws where it is not written as expected. */
export async function readImageFlags(name: 'agent' | 'server'): Promise<ImageFlags> {
  const path = new URL(`../../docker/${name}.Dockerfile`, import.meta.url);
  const text = await readFile(path, 'utf8');
  const stage = text.slice(text.lastIndexOf('\nFROM ')).replaceAll('\\\n', ' ');
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(stage)?.[1];
  const [node, ...words] = JSON.parse(entryPoint ?? '[]') as string[];
  if (node !== 'node' || words.pop() !== `/app/${name}.cjs`)
    throw new Error(`docker/${name}.Dockerfile has another entry point than it had`);
  const pairs = [...stage.matchAll(/\s(NODE_ENV|MALLOC_\w+)=(\S+)/g)];
  const env = Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
  return { node: words, env };
}
