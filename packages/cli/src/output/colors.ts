/** Colors a text, or returns it as it is if colors are off. */
type Paint = (text: string) => string;

export interface Colors {
  readonly bad: Paint;
  readonly warning: Paint;
  readonly good: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

/** Select Graphic Rendition parameters (ECMA-48). Only the basic ones, which each terminal theme makes readable. */
export function createColors(on: boolean): Colors {
  const paint =
    (code: number): Paint =>
    (text) =>
      on && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bad: paint(31), warning: paint(33), good: paint(32), faint: paint(2), strong: paint(1) };
}
