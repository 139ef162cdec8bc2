/** The parts of Grafana's dashboard model (schemaVersion 39) that the page draws. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  /** In a grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  /** Absent in rows. */
  readonly fieldConfig?: FieldConfig;
  readonly options?: { readonly graphMode?: string; readonly colorMode?: string };
  readonly targets?: readonly Target[];
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

export interface FieldConfig {
  readonly defaults: FieldOptions;
  readonly overrides: readonly {
    readonly matcher: { readonly id: string; readonly options: string };
    readonly properties: readonly { readonly id: string; readonly value: unknown }[];
  }[];
}

/** Of a panel that has none. */
export const NO_FIELDS: FieldConfig = { defaults: {}, overrides: [] };

/** How the values of one series are shown. */
export interface FieldOptions {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly color?: { readonly mode: string; readonly fixedColor?: string };
  readonly thresholds?: { readonly steps: readonly Threshold[] };
  readonly mappings?: readonly { readonly type: string; readonly options: ValueTexts }[];
  readonly custom?: {
    readonly drawStyle?: string;
    readonly lineWidth?: number;
    readonly fillOpacity?: number;
    readonly stacking?: { readonly mode: string };
    readonly thresholdsStyle?: { readonly mode: string };
    readonly scaleDistribution?: { readonly type: string; readonly log?: number };
  };
}

/** The first step has no value. */
export interface Threshold {
  readonly color: string;
  readonly value: number | null;
}

/** Texts by value. */
export type ValueTexts = Readonly<Record<string, { readonly text?: string; readonly color?: string }>>;

/** A series of a panel, with a value for each time; null if there is none. */
export interface PanelSeries {
  readonly refId: string;
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A panel with the answers to its queries. */
export interface PanelData {
  readonly panel: Panel;
  readonly series: readonly PanelSeries[];
}

/** What a page shows: one row of the dashboard. */
export interface RowData {
  readonly title: string;
  /** Since the start of the run. Seconds. */
  readonly times: readonly number[];
  readonly panels: readonly PanelData[];
}

/** The options of a series: the panel's defaults and the overrides that match the name or the query. */
export function fieldOptionsOf(
  { defaults, overrides }: FieldConfig,
  { name, refId }: Pick<PanelSeries, 'name' | 'refId'>,
): FieldOptions {
  const options = structuredClone(defaults) as Record<string, unknown>;
  for (const { matcher, properties } of overrides) {
    if (!matches(matcher, { name, refId })) continue;
    for (const { id, value } of properties) setAt(options, id.split('.'), value);
  }
  return options;
}

function matches(
  { id, options }: FieldConfig['overrides'][number]['matcher'],
  { name, refId }: Pick<PanelSeries, 'name' | 'refId'>,
): boolean {
  switch (id) {
    case 'byName':
      return options === name;
    case 'byFrameRefID':
      return options === refId;
    case 'byRegexp':
      return new RegExp(options.replace(/^\/|\/$/g, '')).test(name);
    default:
      throw new Error(`the page does not know the matcher ${id}`);
  }
}

function setAt(options: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown) {
  if (rest.length === 0) options[first] = value;
  else setAt((options[first] ??= {}) as Record<string, unknown>, rest, value);
}
