// Runs in a browser: draws the row of the dashboard whose data the page contains.
import type { RowData } from '../panels/panel.ts';
import { GRID } from '../panels/grid.ts';
import { drawStat } from './stat.ts';
import { drawTimeSeries } from './time-series.ts';

const { title, panels, times } = JSON.parse(document.getElementById('data')?.textContent ?? '') as RowData;
const top = Math.min(...panels.map(({ panel }) => panel.gridPos.y));

const heading = document.createElement('h1');
heading.textContent = `⌄ ${title}`;
document.body.append(heading);

for (const data of panels) {
  const { type, gridPos, title: name, description = '' } = data.panel;
  const frame = document.createElement('section');
  frame.style.left = `${gridPos.x * GRID.column}px`;
  frame.style.top = `${GRID.heading + (gridPos.y - top) * GRID.line}px`;
  frame.style.width = `${gridPos.w * GRID.column - GRID.gap}px`;
  frame.style.height = `${gridPos.h * GRID.line - GRID.gap}px`;
  const caption = document.createElement('h2');
  caption.textContent = name;
  caption.className = description === '' ? '' : 'described';
  const body = document.createElement('div');
  body.className = type;
  frame.append(caption, body);
  document.body.append(frame);
  if (type === 'stat') drawStat(body, data);
  else if (type === 'timeseries') drawTimeSeries(body, data, times);
  else throw new Error(`the page does not know panels of type ${type}`);
}
