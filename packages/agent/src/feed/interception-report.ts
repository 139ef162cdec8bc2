import type { Interception } from '@rolegate/protocol';

/** The state of the layers in reports: all of it when a stream begins, then changes. */
export interface InterceptionReport {
  /** For the first report of a stream; undefined: unknown. */
  readonly first: () => Interception | undefined;
  /** For a later report; undefined: no change. Call `sent` when it was sent. */
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
