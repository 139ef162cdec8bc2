import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flagsDoc } from '@rolegate/runtime';
import { interceptionPrograms, parseInterceptionConfig } from '../../src/config/interception-flags.ts';
import { verifyProgram } from '../../src/commands/verify/flags.ts';

type Word = keyof typeof interceptionPrograms;

function parse(word: Word, argv: string[], env: Record<string, string> = {}) {
  return parseInterceptionConfig(interceptionPrograms[word], { argv: [word, ...argv], env });
}

function config(word: Word, argv: string[], env: Record<string, string> = {}) {
  const outcome = parse(word, argv, env);
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  return outcome;
}

const HOST = ['--host-ip', '198.18.0.1'];

describe('Intercept and reconcile configuration', () => {
  it('The node comes from HOST_IP and NODE_NAME, and by default all interfaces are covered', () => {
    expect(
      config('reconcile', [], { HOST_IP: '198.18.0.1,fd00:198:18::1', NODE_NAME: 'a' }).config,
    ).toMatchObject({
      plan: {
        hostIps: { ipv4: '198.18.0.1', ipv6: 'fd00:198:18::1' },
        port: 8181,
        hostInterfaces: [],
        excludedInterfaces: [],
        containerCredentials: false,
      },
      backend: 'auto',
      cniCacheDirs: ['/var/lib/cni/results', '/var/lib/cni/cache/results'],
      log: { base: { node: 'a' } },
    });
  });

  it.each([
    { given: 'cali+', names: ['cali'] },
    { given: 'eni+,vlan+', names: ['eni', 'vlan'] },
    { given: '!eth0', names: ['eth0'] },
    { given: 'auto', names: [] },
  ])('The --host-interface=$given of kiam and kube2iam is accepted', ({ given, names }) => {
    const { plan } = config('intercept', [...HOST, `--host-interface=${given}`]).config;
    expect(plan.hostInterfaces.map(({ name }) => name)).toEqual(names);
  });

  it('Other spellings of kiam and kube2iam are accepted, and a warning points to rolegate-agent uninstall', () => {
    const { config: told, warnings } = config('intercept', [
      '--host=198.18.0.1',
      '--iptables',
      '--iptables-remove',
      '--app-port=8182',
    ]);
    expect(told.plan).toMatchObject({ hostIps: { ipv4: '198.18.0.1' }, port: 8182 });
    expect(warnings.join()).toContain('rolegate-agent uninstall');
  });

  it.each(['intercept', 'reconcile'] as const)(
    'Container credentials are enabled for %s by their flag',
    (word) => {
      const argv = [...HOST, '--container-credentials'];
      expect(config(word, argv).config.plan.containerCredentials).toBe(true);
      expect(config('uninstall', argv).config.plan.containerCredentials).toBe(false);
    },
  );

  it('Each excluded interface causes a warning', () => {
    const { config: told, warnings } = config('intercept', [...HOST, '--exclude-interface', 'tap0,tap1']);
    expect(told.plan.excludedInterfaces).toEqual(['tap0', 'tap1']);
    expect(warnings).toHaveLength(2);
  });

  it.each([
    { argv: [], says: '--host-ip: a value is required' },
    { argv: [...HOST, '--host-interface', 'auto,cali+'], says: 'auto cannot be combined with interfaces' },
    { argv: [...HOST, '--host-interface', 'a'.repeat(16)], says: 'is not an interface' },
    { argv: [...HOST, '--host-interface', 'eth0 -j ACCEPT'], says: 'is not an interface' },
    { argv: [...HOST, '--host-interface', '"'], says: 'is not an interface' },
    { argv: [...HOST, '--host-interface', '-x'], says: '' },
    { argv: [...HOST, '--host-interface=-x'], says: 'is not an interface' },
    { argv: [...HOST, '--host-interface', '!'], says: 'is not an interface' },
    { argv: [...HOST, '--exclude-interface', 'tap+'], says: 'not a full interface name' },
    { argv: [...HOST, '--exclude-interface', '!tap0'], says: 'not a full interface name' },
    { argv: [...HOST, '--exclude-interface', 'auto'], says: 'not a full interface name' },
    { argv: [...HOST, '--iptables-backend', 'ebtables'], says: 'use auto, nft or legacy' },
    { argv: [...HOST, '--port', '0'], says: 'rules cannot redirect to port 0' },
    { argv: ['--host-ip', '169.254.169.254'], says: 'not an address of the node' },
    { argv: ['--host-ip', '10.0.0.1,10.0.0.2'], says: 'several addresses of one family' },
    { argv: [...HOST, '--iptables=false'], says: 'this program always does that' },
    { argv: [...HOST, '--cni-cache-dir', '/x'], says: 'unknown flag' },
  ])('The intercept command refuses $argv', ({ argv, says }) => {
    const outcome = parse('intercept', argv);
    expect(outcome.kind).toBe('faults');
    expect('faults' in outcome && outcome.faults.join()).toContain(says);
  });

  it('The reconcile command reports all faults together', () => {
    const outcome = parse('reconcile', ['--host-interface', '!', '--port', 'x']);
    expect('faults' in outcome && outcome.faults).toHaveLength(3);
  });
});

describe('Uninstall configuration', () => {
  it('The uninstall command needs no flags', () => {
    expect(parse('uninstall', []).kind).toBe('config');
  });

  it('The uninstall command accepts the flags of intercept without a warning', () => {
    const argv = [...HOST, '--host-interface=cali+', '--iptables-backend', 'nft', '--self-test', 'off'];
    expect(config('uninstall', argv).warnings).toEqual([]);
  });
});

describe('docs/flags.md', () => {
  it.each([...Object.values(interceptionPrograms), verifyProgram])(
    'The page docs/flags.md has the flags of $name',
    (program) => {
      const page = readFileSync(new URL('../../../../docs/flags.md', import.meta.url), 'utf8');
      expect(page).toContain(flagsDoc(program));
    },
  );
});
