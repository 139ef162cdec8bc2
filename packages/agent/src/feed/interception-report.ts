import type { Interception } from '@rolegate/protocol';

/** How the layers stand, as reports say it: at the beginning of a stream, and then what is new. */
export interface InterceptionReport {
  /** For the first report of a stream; undefined: not known. */
  readonly first: () => Interception | undefined;
  /** For a later one; undefined: nothing new. `sent` is to be called when it was. */
  readonly next: () => { readonly interception: Interception; readonly sent: () => void } | undefined;
}

export function createInterceptionReport(
  current: () => Readonly<Partial<Record<'nat' | 'filter' | 'route' | 'input', boolean>>> | undefined,
): InterceptionReport {
  let reported = '';

  return {
    first() {
      const layers = current();
      if (layers !== undefined) reported = JSON.stringify(layers);
      return layers;
    },
    next() {
      const layers = current();
      const text = JSON.stringify(layers);
      if (layers === undefined || text === reported) return undefined;
      return {
        interception: layers,
        sent: () => {
          reported = text;
        },
      };
    },
  };
}
