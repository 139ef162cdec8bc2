/** Names that many objects share: one copy of each, for as long as an object that is kept has it. */
export interface Names {
  /** The one copy. It is held until it has been released as often. */
  readonly hold: (name: string) => string;
  readonly release: (name: string) => void;
  readonly size: number;
}

interface Held {
  readonly name: string;
  users: number;
}

export function createNames(): Names {
  const all = new Map<string, Held>();
  return {
    hold(name) {
      const held = all.get(name);
      if (held === undefined) {
        all.set(name, { name, users: 1 });
        return name;
      }
      held.users += 1;
      return held.name;
    },
    release(name) {
      const held = all.get(name);
      if (held === undefined) return;
      held.users -= 1;
      if (held.users === 0) all.delete(name);
    },
    get size() {
      return all.size;
    },
  };
}
