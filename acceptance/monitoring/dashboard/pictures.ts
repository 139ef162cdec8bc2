import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@rolegate/testing';
import { build } from 'esbuild';
import { GRID } from '../panels/grid.ts';
import type { RowData } from '../panels/panel.ts';

const PAGE = fileURLToPath(new URL('../page/', import.meta.url));
/** A start on a busy machine. Milliseconds. */
const WITHIN_MS = 90_000;
const LAST_CHARACTERS = 600;

/** Draws the row in chromium, which has no network, and saves the picture. `folder` is for its files. */
export async function drawRow(
  row: RowData,
  { file, folder }: { readonly file: string; readonly folder: string },
): Promise<void> {
  const page = join(folder, 'page.html');
  await writeFile(page, await pageOf(row));
  const { code, stderr } = await runCommand(
    [
      'unshare',
      '--net',
      'chromium',
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-domain-reliability',
      '--disable-sync',
      '--no-first-run',
      '--hide-scrollbars',
      '--run-all-compositor-stages-before-draw',
      '--force-device-scale-factor=1',
      `--user-data-dir=${join(folder, 'profile')}`,
      `--window-size=${GRID.width},${heightOf(row)}`,
      '--enable-logging=stderr',
      `--screenshot=${file}`,
      `file://${page}`,
    ],
    { env: { ...process.env, HOME: folder }, timeoutMs: WITHIN_MS },
  );
  const error = /CONSOLE.*Uncaught.*/.exec(stderr)?.[0];
  if (code !== 0 || error !== undefined)
    throw new Error(`chromium: ${error ?? stderr.slice(-LAST_CHARACTERS)}`);
}

/** A page that needs no other file. */
async function pageOf(row: RowData): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, 'main.ts')],
    bundle: true,
    format: 'iife',
    write: false,
  });
  const uplotCss = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  const css = (await readFile(uplotCss, 'utf8')) + (await readFile(join(PAGE, 'page.css'), 'utf8'));
  const data = JSON.stringify(row).replaceAll('<', '\\u003c');
  return [
    '<!doctype html><meta charset="utf-8">',
    `<style>${css}</style><body>`,
    `<script id="data" type="application/json">${data}</script>`,
    `<script>${outputFiles[0]?.text ?? ''}</script>`,
  ].join('\n');
}

function heightOf({ panels }: RowData): number {
  const tops = panels.map(({ panel: { gridPos } }) => gridPos.y);
  const ends = panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h);
  return GRID.heading + (Math.max(...ends) - Math.min(...tops)) * GRID.line;
}
