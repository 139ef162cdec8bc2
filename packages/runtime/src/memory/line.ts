/** One item's place in a line. */
export interface LinePlace<Item> {
  readonly item: Item;
  before: LinePlace<Item> | undefined;
  after: LinePlace<Item> | undefined;
}

/** Items in the order in which they joined. Each step costs the same, however many there are. */
export interface Line<Item> {
  readonly join: (item: Item) => LinePlace<Item>;
  /** Of a place in this line, once. */
  readonly leave: (place: LinePlace<Item>) => void;
  /** Who joined first. */
  readonly first: () => Item | undefined;
}

/** A Map or a Set would look through all that has left since it last grew, to find its first. */
export function createLine<Item>(): Line<Item> {
  let first: LinePlace<Item> | undefined;
  let last: LinePlace<Item> | undefined;
  return {
    join(item) {
      const place: LinePlace<Item> = { item, before: last, after: undefined };
      if (last === undefined) first = place;
      else last.after = place;
      last = place;
      return place;
    },
    leave({ before, after }) {
      if (before === undefined) first = after;
      else before.after = after;
      if (after === undefined) last = before;
      else after.before = before;
    },
    first: () => first?.item,
  };
}
