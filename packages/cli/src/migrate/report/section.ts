/** A part of a report as a page shows it, whatever its format. */
export interface Section {
  readonly title: string;
  /** Lines before the table. */
  readonly lines: readonly string[];
  readonly table?: Table;
  /** What to do, after the table. */
  readonly todo?: string;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Its cells are sentences, which a terminal shows below each other. */
  readonly isWide?: true;
}
