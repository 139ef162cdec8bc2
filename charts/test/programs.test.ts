import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agentFlags } from '../../packages/agent/src/config/flags.ts';
import { interceptionPrograms } from '../../packages/agent/src/config/interception-flags.ts';
import { serverFlags } from '../../packages/server/src/config/flags.ts';
import { programOf } from './container-program.ts';
import { containersOf, objectsOf } from './objects.ts';
import { understand } from './parse-program.ts';
import { minimalValues, render, valueSets } from './rendering.ts';
import type { ChartName } from './rendering.ts';
import { withHelm } from './with-helm.ts';

/** The programs that the golden renderings start. */
const started = valueSets().flatMap(({ chart, name, goldenFile }) => {
  const text = existsSync(goldenFile) ? readFileSync(goldenFile, 'utf8') : '';
  return objectsOf(text).flatMap((object) =>
    containersOf(object).flatMap((container) => {
      const program = programOf(container);
      const title = `${chart}/golden/${name}.yaml: ${object.kind} ${object.metadata.name}, ${container.name}`;
      return program === undefined ? [] : [{ title, ...program }];
    }),
  );
});
const minimal = started.filter(({ title }) => title.includes('/minimal.yaml'));

describe('Programs of the charts', () => {
  it('The golden renderings start more than 20 programs', () => {
    expect(started.length).toBeGreaterThan(20);
  });

  it.each(started)('The command line is valid in $title', async (program) => {
    expect((await understand(program)).faults).toEqual([]);
  });

  it.each(minimal)('The command line causes no warning in $title', async (program) => {
    expect((await understand(program)).warnings).toEqual([]);
  });
});

/** Set by the chart. Operators have no reason to change them. */
const FIXED: Readonly<Record<ChartName, readonly string[]>> = {
  server: [
    'namespace',
    'kubeconfig',
    'bind',
    'attest-bind',
    'prometheus-listen-addr',
    'probe-bind',
    'status-socket',
    'cert',
    'key',
    'ca',
  ],
  agent: ['node-name', 'host-ip'],
};

withHelm('Flags (need helm)', () => {
  const tables: readonly { chart: ChartName; key: string; flags: readonly string[] }[] = [
    { chart: 'server', key: 'extraArgs', flags: Object.keys(serverFlags) },
    { chart: 'agent', key: 'extraArgs', flags: Object.keys(agentFlags) },
    {
      chart: 'agent',
      key: 'interception.extraArgs',
      flags: Object.values(interceptionPrograms).flatMap(({ flags }) => Object.keys(flags)),
    },
  ];

  it.each(tables)(
    'Every flag of the chart $chart that is not fixed can be set by a value or by $key',
    ({ chart, key, flags }) => {
      const rest = [...new Set(flags)].filter(
        (flag) => !byValue(chart).has(flag) && !FIXED[chart].includes(flag),
      );
      const given = Object.fromEntries(rest.map((flag) => [flag, 'x-of-a-test']));
      const values = key.split('.').reduceRight<object>((inner, part) => ({ [part]: inner }), given);
      const { code, stdout, stderr } = render({ chart, files: [minimalValues(chart)], values });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const flag of rest) expect(stdout).toContain(`--${flag}=x-of-a-test`);
    },
  );

  function byValue(chart: ChartName): Set<string> {
    const names = started
      .filter(({ title }) => title.startsWith(chart))
      .flatMap(({ argv, env }) => [
        ...argv.flatMap((arg) => /^--(?:no-)?([a-z0-9-]+)/.exec(arg)?.[1] ?? []),
        ...Object.keys(env).flatMap(
          (name) => /^ROLEGATE_(.*)$/.exec(name)?.[1]?.toLowerCase().replaceAll('_', '-') ?? [],
        ),
      ]);
    return new Set(names);
  }
});
