import type { FieldOptions, Threshold } from './panel.ts';

/** Grafana's named colors, as far as the dashboard uses them. */
const NAMED: Readonly<Record<string, string>> = {
  green: '#73bf69',
  'dark-green': '#37872d',
  yellow: '#fade2a',
  'semi-dark-yellow': '#f2cc0c',
  orange: '#ff9830',
  'semi-dark-orange': '#ff780a',
  red: '#f2495c',
  'dark-red': '#c4162a',
  blue: '#5794f2',
  'light-blue': '#8ab8ff',
  purple: '#b877d9',
  gray: '#808080',
  transparent: 'transparent',
};

/** Grafana's classic palette, by position of the series. */
const CLASSIC = [
  'green',
  'semi-dark-yellow',
  'light-blue',
  'semi-dark-orange',
  'red',
  'blue',
  'purple',
  '#705da0',
  '#508642',
  '#cca300',
  '#447ebc',
  '#c15c17',
  '#890f02',
  '#0a437c',
  '#6d1f62',
  '#584477',
];
/** How far each further shade of one color is from the one before, in shares of black. */
const SHADE = 0.22;

export function cssColor(name: string): string {
  const color = NAMED[name] ?? name;
  if (color === 'transparent' || /^#[0-9a-f]{6}$/.test(color)) return color;
  throw new Error(`the page does not know the color ${name}`);
}

/** The color of a series that is the panel's nth, from 0. */
export function seriesColor(
  { color: { mode, fixedColor = 'gray' } = { mode: 'palette-classic' } }: FieldOptions,
  nth: number,
): string {
  switch (mode) {
    case 'palette-classic':
      return cssColor(CLASSIC[nth % CLASSIC.length] ?? 'gray');
    case 'fixed':
      return cssColor(fixedColor);
    case 'shades':
      return darker(cssColor(fixedColor), SHADE * (nth % 4));
    default:
      throw new Error(`the page does not know the color mode ${mode}`);
  }
}

/** The color of the highest step that the value reaches. */
export function thresholdColor(steps: readonly Threshold[], value: number): string {
  const reached = steps.filter((step) => step.value === null || value >= step.value);
  return cssColor(reached.at(-1)?.color ?? 'gray');
}

/** The color on white with this opacity in percent. It is opaque, so that stacked areas do not mix. */
export function tintOf(hex: string, opacity: number): string {
  return mixed(hex, 255, 1 - opacity / 100);
}

const darker = (hex: string, share: number): string => mixed(hex, 0, share);

function mixed(hex: string, other: number, share: number): string {
  const parts = [1, 3, 5].map((at) =>
    Math.round(parseInt(hex.slice(at, at + 2), 16) * (1 - share) + other * share),
  );
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
