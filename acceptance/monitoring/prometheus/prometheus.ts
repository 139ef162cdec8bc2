import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, freePort, openFolder, PLAIN_ENV, startProcess } from '@rolegate/testing';
import { createPrometheusApi } from './prometheus-api.ts';
import type { PrometheusApi } from './prometheus-api.ts';

/** From exec to ready on a busy machine. */
const READY = { withinMs: 30_000, everyMs: 50 };
/** Lines of the log that are shown if it does not start. */
const LAST_LINES = 5;

/** Series of one program on loopback. */
export interface ScrapeTarget {
  /** A port of 127.0.0.1 with /metrics. */
  readonly port: number;
  /** Added to all series. They may set `instance`, which otherwise is the address. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  /** The path of the program. */
  readonly program: string;
  /** Targets by the value of their `job` label. */
  readonly jobs: Readonly<Record<string, readonly ScrapeTarget[]>>;
  /** Paths of files with rules. */
  readonly ruleFiles?: readonly string[];
  /** Also how often rules are evaluated. Milliseconds; 1000 by default. */
  readonly scrapeEveryMs?: number;
}

/** A Prometheus that scrapes programs on loopback, with an empty database. */
export interface Prometheus extends PrometheusApi, AsyncDisposable {
  readonly url: string;
}

/** Starts Prometheus on loopback and waits until it has scraped every target once. Disposal stops it and removes its data. */
export async function startPrometheus({
  program,
  jobs,
  ruleFiles = [],
  scrapeEveryMs = 1_000,
}: PrometheusOptions): Promise<Prometheus> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-prometheus-', stack);
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, configOf({ jobs, ruleFiles, scrapeEveryMs }));
  const address = `127.0.0.1:${await freePort()}`;
  const lines: string[] = [];
  const running = startProcess(
    [
      program,
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { env: PLAIN_ENV, output: (line) => lines.push(line) },
  );
  stack.defer(() => running.stop());
  const url = `http://${address}`;
  const api = createPrometheusApi(url);
  const wanted = Object.values(jobs).flat().length;
  await eventually(async () => {
    if (running.running) await expectScraped(api, wanted);
  }, READY);
  if (!running.running) {
    const why = await running.ended;
    throw new Error(`Prometheus did not start (${why}): ${lines.slice(-LAST_LINES).join('\n')}`);
  }
  const all = stack.move();
  return { url, ...api, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Prometheus discovers its targets a few seconds after it is ready. A target may be down. */
async function expectScraped({ targets }: PrometheusApi, wanted: number): Promise<void> {
  const tried = (await targets()).filter(({ health }) => health !== 'unknown');
  if (tried.length < wanted) throw new Error(`Prometheus has scraped ${tried.length} of ${wanted} targets`);
}

/** The text of the configuration file. JSON is YAML. */
function configOf({ jobs, ruleFiles, scrapeEveryMs }: Required<Omit<PrometheusOptions, 'program'>>): string {
  const every = `${scrapeEveryMs}ms`;
  return JSON.stringify({
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(jobs).map(([job, targets]) => ({
      job_name: job,
      static_configs: targets.map(({ port, labels = {} }) => ({
        targets: [`127.0.0.1:${port}`],
        labels,
      })),
    })),
  });
}
