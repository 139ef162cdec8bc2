import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUTO, createInterfaceMatch, hostInterface } from '../../src/interception/rules/host-interfaces.ts';
import type { HostInterface } from '../../src/interception/rules/host-interfaces.ts';
import { networkPlugins } from './network-plugins.ts';

describe.each(networkPlugins)('$plugin with $value', ({ value, podInterfaces, otherInterfaces }) => {
  const isTaken = createInterfaceMatch(entriesOf(value));

  it('Traffic from the interfaces of Pods is redirected to the agent', () => {
    expect(podInterfaces.filter((device) => !isTaken(device))).toEqual([]);
  });

  it('Traffic from other interfaces is not redirected to the agent', () => {
    expect(otherInterfaces.filter((device) => isTaken(device))).toEqual([]);
  });
});

it('Without a value, traffic from all Pods is redirected to the agent, whatever the plugin', () => {
  const isTaken = createInterfaceMatch(entriesOf(AUTO));
  expect(
    networkPlugins.flatMap(({ podInterfaces }) => podInterfaces).filter((device) => !isTaken(device)),
  ).toEqual([]);
});

it('The table in docs/interception.md has exactly the plugins and values of this test', () => {
  const page = readFileSync(new URL('../../../../docs/interception.md', import.meta.url), 'utf8');
  const { 1: section = '' } = page.split(/^## Network plugins$/m);
  const [, , ...rows] = section.split(/^#/m, 1)[0]?.match(/^\|.*$/gm) ?? [];
  expect(rows.map(cellsOf)).toEqual(networkPlugins.map(({ plugin, value }) => [plugin, `\`${value}\``]));
});

/** Throws if an entry of the list is not an interface. */
function entriesOf(value: string): readonly HostInterface[] {
  return value.split(',').flatMap((entry) => {
    const parsed = hostInterface.parse(entry);
    if ('fault' in parsed) throw new Error(parsed.fault);
    return parsed.value === AUTO ? [] : [parsed.value];
  });
}

function cellsOf(row: string): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
