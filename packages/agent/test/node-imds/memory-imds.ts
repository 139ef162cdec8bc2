import { knownPath } from '../../src/node-imds/known-path.ts';

/** A node's IMDS in memory: only paths of the closed lists, as createNodeImds reads them. */
export function memoryImds(tree: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  let away = false;
  return {
    /** Requested paths, in order. */
    asked,
    goAway() {
      away = true;
    },
    async read(path: string): Promise<string | undefined> {
      asked.push(path);
      await Promise.resolve();
      if (away) throw new Error('away');
      if (knownPath(path) === undefined) throw new Error(`${path} may not be asked for`);
      return tree[path] ?? listing(tree, path);
    },
  };
}

function listing(tree: Readonly<Record<string, string>>, path: string): string | undefined {
  if (path === 'meta-data/public-keys') return '0=my-key';
  const prefix = path === '' ? '' : `${path}/`;
  const names = Object.keys(tree)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).replace(/\/.*$/, '/'));
  return names.length === 0 ? undefined : [...new Set(names)].join('\n');
}
