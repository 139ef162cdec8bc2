/** A state in reports: all of it when a stream begins, then changes. */
export interface StateReport<State> {
  /** For the first report of a stream; undefined: unknown. */
  readonly first: () => State | undefined;
  /** For a later report; undefined: no change. Call `sent` when it was sent. */
  readonly next: () => { readonly state: State; readonly sent: () => void } | undefined;
}

/** `current` returns undefined while the state is unknown. */
export function createStateReport<State>(current: () => State | undefined): StateReport<State> {
  let reported = '';

  return {
    first() {
      const state = current();
      if (state !== undefined) reported = JSON.stringify(state);
      return state;
    },
    next() {
      const state = current();
      const text = JSON.stringify(state);
      if (state === undefined || text === reported) return undefined;
      return {
        state,
        sent: () => {
          reported = text;
        },
      };
    },
  };
}
