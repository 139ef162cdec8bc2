import { readFile } from 'node:fs/promises';

/** How the image starts its program. */
export interface ImageFlags {
  /** Node.js flags in the entry point. */
  readonly node: readonly string[];
  /** Environment variables, without PATH. */
  readonly env: Readonly<Record<string, string>>;
}

/** Parses the Dockerfile, so that the suites start what the image starts. Throws if its form has changed. */
export async function readImageFlags(name: 'agent' | 'server'): Promise<ImageFlags> {
  const path = new URL(`../../docker/${name}.Dockerfile`, import.meta.url);
  const text = await readFile(path, 'utf8');
  const joined = text.replaceAll('\\\n', ' ');
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(joined)?.[1];
  const [node, ...words] = JSON.parse(entryPoint ?? '[]') as string[];
  if (node !== 'node' || words.pop() !== `/app/${name}.cjs`)
    throw new Error(`docker/${name}.Dockerfile has an unexpected entry point`);
  const pairs = [...joined.matchAll(/\s(NODE_ENV|MALLOC_\w+)=(\S+)/g)];
  const env = Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
  return { node: words, env };
}
