import uPlot from 'uplot';
import { cssColor, seriesColor, tintOf } from '../panels/colors.ts';
import { fieldOptionsOf, NO_FIELDS } from '../panels/panel.ts';
import type { FieldOptions, PanelData } from '../panels/panel.ts';
import { formatValue, runTime } from '../panels/units.ts';

const FONT = '11px sans-serif';
const GRAY = '#6e7280';
const GRID_LINES = { stroke: '#e4e7eb', width: 1 };
/** Powers of ten. The library's names for `distr` exist only in its types. */
const LOG_SCALE = { distr: 3, log: 10 } as uPlot.Scale;
/** Room for the values at the left. */
const AXIS_WIDTH = 66;
/** Room for the times at the bottom. */
const TIME_HEIGHT = 24;
const BARS = uPlot.paths.bars?.({ size: [1, 40], gap: 0 });

interface Line {
  readonly name: string;
  readonly color: string;
  readonly options: FieldOptions;
  readonly values: readonly (number | null)[];
}

/** Draws lines or stacked areas with a legend below. */
export function drawTimeSeries(
  body: HTMLElement,
  { panel, series }: PanelData,
  times: readonly number[],
): void {
  const { fieldConfig = NO_FIELDS } = panel;
  const lines = series.map((one, nth): Line => {
    const options = fieldOptionsOf(fieldConfig, one);
    return { name: one.name, color: seriesColor(options, nth), options, values: one.values };
  });
  const { defaults } = fieldConfig;
  const legend = legendOf(lines);
  body.append(legend);
  const height = body.clientHeight - legend.clientHeight;
  // The top of a stack is drawn first, so that what is below it covers it.
  const drawn = stacked(lines).reverse();
  const options = optionsOf({ lines: drawn, defaults, size: { width: body.clientWidth, height } });
  const chart = new uPlot(options, [[...times], ...drawn.map(({ values }) => [...values])]);
  body.prepend(chart.root);
}

interface Drawing {
  readonly lines: readonly Line[];
  readonly defaults: FieldOptions;
  readonly size: { readonly width: number; readonly height: number };
}

function optionsOf({ lines, defaults, size }: Drawing): uPlot.Options {
  const { min, max, custom: { scaleDistribution: scale, lineWidth = 1, fillOpacity = 0 } = {} } = defaults;
  const isLog = scale?.type === 'log';
  const axis = { stroke: GRAY, font: FONT, grid: GRID_LINES, ticks: { show: false } };
  return {
    ...size,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 16, 0, 0],
    scales: {
      y: isLog
        ? LOG_SCALE
        : {
            range: (_, dataMin: number | null, dataMax: number | null) => rangeOf(dataMin, dataMax, min, max),
          },
    },
    axes: [
      { ...axis, size: TIME_HEIGHT, values: (_, splits) => splits.map(runTime) },
      {
        ...axis,
        size: AXIS_WIDTH,
        ...(isLog && { filter: powersOfTen, grid: { ...GRID_LINES, filter: powersOfTen } }),
        values: (_, splits) =>
          splits.map((value: number | null) => (value === null ? '' : formatValue(value, defaults))),
      },
    ],
    series: [
      {},
      ...lines.map(({ color, options: { custom } }): uPlot.Series => ({
        stroke: color,
        width: custom?.lineWidth ?? lineWidth,
        ...((custom?.fillOpacity ?? fillOpacity) > 0 && {
          fill: tintOf(color, custom?.fillOpacity ?? fillOpacity),
        }),
        points: { show: false },
        ...(custom?.drawStyle === 'bars' && BARS !== undefined && { paths: BARS }),
      })),
    ],
    hooks: {
      draw: [
        (chart) => {
          drawThresholds(chart, defaults);
        },
      ],
    },
  };
}

/** Fixed ends win. A flat line at 0 still gets a scale. */
function rangeOf(
  dataMin: number | null,
  dataMax: number | null,
  min: number | undefined,
  max: number | undefined,
): [number, number] {
  const least = min ?? dataMin ?? 0;
  const most = max ?? (dataMax ?? 0) + 0.08 * ((dataMax ?? 0) - least);
  return most > least ? [least, most] : [least, least + 1];
}

/** Stacked lines become sums from the first line up. */
function stacked(lines: readonly Line[]): Line[] {
  let below: number[] = [];
  return lines.map((line) => {
    if (line.options.custom?.stacking?.mode !== 'normal') return line;
    const sums = line.values.map((value, at) => (value ?? 0) + (below[at] ?? 0));
    below = sums;
    return { ...line, values: sums.map((sum, at) => (line.values[at] === null ? null : sum)) };
  });
}

function drawThresholds(chart: uPlot, { thresholds, custom }: FieldOptions): void {
  if (custom?.thresholdsStyle === undefined || custom.thresholdsStyle.mode === 'off') return;
  const { ctx, bbox } = chart;
  for (const { value, color } of thresholds?.steps ?? []) {
    if (value === null) continue;
    const y = chart.valToPos(value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.strokeStyle = cssColor(color);
    ctx.lineWidth = 1.5;
    if (custom.thresholdsStyle.mode.startsWith('dashed')) ctx.setLineDash([8, 6]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

function legendOf(lines: readonly Line[]): HTMLElement {
  const legend = document.createElement('ul');
  for (const { name, color } of lines) {
    const item = document.createElement('li');
    item.textContent = name;
    item.style.setProperty('--color', color);
    legend.append(item);
  }
  return legend;
}

const powersOfTen = (_: uPlot, splits: (number | null)[]): (number | null)[] =>
  splits.map((value) => (value !== null && isPowerOfTen(value) ? value : null));
const isPowerOfTen = (value: number): boolean => Math.abs(Math.log10(value) % 1) < 1e-9;
