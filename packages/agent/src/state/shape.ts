/** An unusable state. The message says where and why, never what the value is. */
export class StateFault extends Error {
  override readonly name = 'StateFault';
}

/** Reads a value of the state strictly; throws a StateFault that names the place. */
export type Read<Value> = (value: unknown, at: string) => Value;

/** The members of an object. Others are ignored. */
export type Members = <Value>(name: string, read: Read<Value>) => Value;

export function members(value: unknown, at: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(at, 'an object');
  return (name, read) => read((value as Record<string, unknown>)[name], `${at}.${name}`);
}

export const text: Read<string> = (value, at) => {
  if (typeof value !== 'string') throw fault(at, 'a text');
  return value;
};

export const number: Read<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw fault(at, 'a number');
  return value;
};

export const flag: Read<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw fault(at, 'true or false');
  return value;
};

/** Base64-encoded bytes. */
export const bytes: Read<Buffer> = (value, at) => {
  const found = Buffer.from(text(value, at), 'base64');
  if (found.toString('base64') !== value) throw fault(at, 'base64');
  return found;
};

export function list<Value>(read: Read<Value>): Read<readonly Value[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw fault(at, 'a list');
    return value.map((one, index) => read(one, `${at}[${index}]`));
  };
}

/** Undefined if absent or null. */
export function maybe<Value>(read: Read<Value>): Read<Value | undefined> {
  return (value, at) => (value === undefined || value === null ? undefined : read(value, at));
}

function fault(at: string, wanted: string): StateFault {
  return new StateFault(`${at} is not ${wanted}`);
}
