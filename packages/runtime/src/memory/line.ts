/** An item's place in a line. */
export interface LinePlace<Item> {
  readonly item: Item;
  before: LinePlace<Item> | undefined;
  after: LinePlace<Item> | undefined;
}

/**
 * Items in the order in which they joined. Each operation takes constant time. A Map or Set would search everything
 * deleted since it last grew to find its first entry. Plain data, because there can be ten thousand lines.
 */
export interface Line<Item> {
  first: LinePlace<Item> | undefined;
  last: LinePlace<Item> | undefined;
}

export function createLine<Item>(): Line<Item> {
  return { first: undefined, last: undefined };
}

export function join<Item>(line: Line<Item>, item: Item): LinePlace<Item> {
  const place: LinePlace<Item> = { item, before: undefined, after: undefined };
  append(line, place);
  return place;
}

/** Removes an item by its place in this line. Call it once. */
export function leave<Item>(line: Line<Item>, { before, after }: LinePlace<Item>): void {
  if (before === undefined) line.first = after;
  else before.after = after;
  if (after === undefined) line.last = before;
  else after.before = before;
}

/** Moves an item to the end of this line. */
export function toEnd<Item>(line: Line<Item>, place: LinePlace<Item>): void {
  if (line.last === place) return;
  leave(line, place);
  append(line, place);
}

function append<Item>(line: Line<Item>, place: LinePlace<Item>): void {
  place.before = line.last;
  place.after = undefined;
  if (line.last === undefined) line.first = place;
  else line.last.after = place;
  line.last = place;
}

/** From first to last. */
export function itemsOf<Item>(line: Line<Item>): Item[] {
  const items: Item[] = [];
  for (let place = line.first; place !== undefined; place = place.after) items.push(place.item);
  return items;
}
