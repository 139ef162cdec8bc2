/** Grafana's grid at a width of 1000 pixels. */
export const GRID = { width: 1000, column: 1000 / 24, line: 30, gap: 6, heading: 34 } as const;
