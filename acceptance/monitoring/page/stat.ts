import { cssColor, thresholdColor } from '../panels/colors.ts';
import { fieldOptionsOf, NO_FIELDS } from '../panels/panel.ts';
import type { PanelData, PanelSeries } from '../panels/panel.ts';
import { formatValue } from '../panels/units.ts';

/** Draws the last value of each series, above its course. */
export function drawStat(body: HTMLElement, { panel, series }: PanelData): void {
  const { fieldConfig = NO_FIELDS, options: { graphMode = 'none' } = {} } = panel;
  if (series.length === 0) body.append(big(fieldConfig.defaults.noValue ?? 'No data', 'gray'));
  for (const one of series) {
    const options = fieldOptionsOf(fieldConfig, one);
    const last = one.values.findLast((value) => value !== null);
    if (typeof last !== 'number') continue;
    const color = thresholdColor(options.thresholds?.steps ?? [], last);
    if (series.length > 1) body.append(one.name);
    body.append(big(formatValue(last, options), color));
    if (graphMode === 'area') body.append(course(one, color));
  }
}

function big(text: string, color: string): HTMLElement {
  const value = document.createElement('strong');
  value.textContent = text;
  value.style.color = cssColor(color);
  return value;
}

/** Fills the lower part of the panel. The scale starts at the smallest value, as in Grafana. */
function course({ values }: PanelSeries, color: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${Math.max(values.length - 1, 1)} 1`);
  svg.setAttribute('preserveAspectRatio', 'none');
  const known = values.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const points = values.flatMap((value, at) =>
    value === null ? [] : [`${at},${1 - (most === least ? 0 : (value - least) / (most - least))}`],
  );
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  line.setAttribute('points', [`0,1`, ...points, `${values.length - 1},1`].join(' '));
  line.setAttribute('fill', color);
  line.setAttribute('fill-opacity', '0.25');
  svg.append(line);
  return svg;
}
