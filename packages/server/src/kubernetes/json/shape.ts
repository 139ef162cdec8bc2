/**
 * The parts of a JSON text that are kept. A scalar is kept unchanged, or as `{"tooLong": its bytes}` if it is too long. A value of
 * another type than the shape becomes null. Everything that is not in the shape is left out.
 */
export type Shape = ScalarShape | ObjectShape | ListShape;

/** The most items that are kept of a list that is not `oneByOne`; no needed list is longer. */
export const MOST_ITEMS = 64;

export interface ScalarShape {
  /** The longest string. Bytes of UTF-8, after unescaping. */
  readonly longest: number;
}

export interface ObjectShape {
  readonly members: Readonly<Record<string, Shape>>;
}

export interface ListShape {
  readonly each: Shape;
  /** Items are passed on one by one, and the list itself is left empty. */
  readonly oneByOne?: boolean;
}

export function scalar(longest: number): ScalarShape {
  return { longest };
}

export function object(members: Readonly<Record<string, Shape>>): ObjectShape {
  return { members };
}

/** A shape prepared for comparing bytes. */
export interface Node {
  readonly kind: 'scalar' | 'object' | 'list';
  readonly longest: number;
  readonly members: readonly Member[];
  readonly each: Node | undefined;
  readonly oneByOne: boolean;
}

export interface Member {
  readonly key: Buffer;
  /** The JSON text `"key":` */
  readonly written: Buffer;
  readonly node: Node;
}

const NOTHING = { longest: 0, members: [], each: undefined, oneByOne: false } as const;

export function prepare(shape: Shape): Node {
  if ('longest' in shape) return { ...NOTHING, kind: 'scalar', longest: shape.longest };
  if ('each' in shape) {
    return { ...NOTHING, kind: 'list', each: prepare(shape.each), oneByOne: shape.oneByOne ?? false };
  }
  const members = Object.entries(shape.members).map(([key, member]) => ({
    key: Buffer.from(key),
    written: Buffer.from(`${JSON.stringify(key)}:`),
    node: prepare(member),
  }));
  return { ...NOTHING, kind: 'object', members };
}
