/** A Pod as the user names it. */
export interface PodWord {
  readonly namespace: string;
  readonly name: string;
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Reads `NAME` or `NAMESPACE/NAME`. `namespace` is that of `-n`; `usual` that of the kubeconfig's context, which counts if neither
 * names one.
 */
export function readPodWord(
  word: string,
  { namespace, usual }: { readonly namespace: string | undefined; readonly usual: string },
): PodWord | { readonly fault: string } {
  const parts = word.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2 || !parts.every((part) => NAME.test(part)))
    return { fault: `${JSON.stringify(word)} is no Pod; write it as NAME or NAMESPACE/NAME` };
  if (second === undefined) return { namespace: namespace ?? usual, name: first };
  if (namespace !== undefined && namespace !== first)
    return { fault: `${word} is not in Namespace ${namespace}; leave out -n, or the part before the slash` };
  return { namespace: first, name: second };
}
