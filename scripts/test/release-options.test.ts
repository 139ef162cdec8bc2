import { describe, expect, it } from 'vitest';
import { isLoopback, parseOptions } from '../release/options.ts';

describe('Options of a release', () => {
  it('A registry alone builds both architectures and pushes nothing', () => {
    expect(parseOptions(['--registry', 'ghcr.io/rolegate/'])).toEqual({
      registry: 'ghcr.io/rolegate',
      push: false,
      sign: undefined,
      build: true,
      out: 'dist/release',
      platforms: ['amd64', 'arm64'],
    });
  });

  it.each([
    'ghcr.io/rolegate',
    'localhost:5000',
    '127.0.0.1:5000/a',
    'registry:5000/a/b',
    'a.b.example/c-d/e_f',
  ])('The registry %s is accepted', (registry) => {
    expect(parseOptions(['--registry', registry])).toMatchObject({ registry });
  });

  it.each([
    '',
    'rolegate',
    'https://ghcr.io/rolegate',
    'ghcr.io/Rolegate',
    'ghcr.io/a b',
    'ghcr.io/a:1',
    'ghcr.io//a',
  ])('The registry "%s" is refused', (registry) => {
    expect(() => parseOptions(['--registry', registry])).toThrow(/--registry must be a host/);
  });

  it('All faults of a command line are named at once', () => {
    const args = ['--sign', 'cosign.key', '--no-build', '--platforms', 'amd64,sparc'];
    expect(() => parseOptions(args)).toThrow(
      /--registry[^]*--sign needs[^]*--no-build needs[^]*"sparc" is unknown/,
    );
  });

  it('An unknown flag is refused', () => {
    expect(() => parseOptions(['--registry', 'ghcr.io/a', '--plain'])).toThrow(/--plain/);
  });

  it('Only registries on this machine are used by plain HTTP', () => {
    expect(['localhost:5000/a', '127.0.0.1/a', '127.0.0.1'].map(isLoopback)).toEqual([true, true, true]);
    expect(['localhost.example/a', '127.0.0.1.example', 'ghcr.io/127.0.0.1'].map(isLoopback)).toEqual([
      false,
      false,
      false,
    ]);
  });
});
