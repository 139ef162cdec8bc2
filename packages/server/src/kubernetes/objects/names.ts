/** Keeps one copy of each name that stored objects share. */
export interface Names {
  /** Returns the shared copy, which is kept until it has been released as often. */
  readonly intern: (name: string) => string;
  readonly release: (name: string) => void;
  readonly size: number;
}

interface SharedName {
  readonly name: string;
  users: number;
}

export function createNames(): Names {
  const all = new Map<string, SharedName>();
  return {
    intern(name) {
      const shared = all.get(name);
      if (shared === undefined) {
        all.set(name, { name, users: 1 });
        return name;
      }
      shared.users += 1;
      return shared.name;
    },
    release(name) {
      const shared = all.get(name);
      if (shared === undefined) return;
      shared.users -= 1;
      if (shared.users === 0) all.delete(name);
    },
    get size() {
      return all.size;
    },
  };
}
