import { describe, expect, it } from 'vitest';
import { placedArgs, placedText } from '../flags.ts';

const mounts = { '/run/rolegate': '/x/run', '/run/rolegate-cni': '/x/cni', '/var/lib/cni': '/x/net' };

describe('placedArgs', () => {
  it('Flags are replaced, added and removed, and the others keep their order', () => {
    const args = ['agent', '--mode=roles', '--token-file=/token', '--server-address=a:1'];
    const changes = { 'server-address': 'b:2', 'token-file': undefined, 'node-name': 'n' };
    expect(placedArgs({ args }, changes, mounts)).toEqual([
      'agent',
      '--mode=roles',
      '--server-address=b:2',
      '--node-name=n',
    ]);
  });

  it('Container paths are replaced by local paths', () => {
    const args = ['--cni-socket=/run/rolegate-cni/cni.sock'];
    const changes = { 'status-socket': '/run/rolegate/agent.sock' };
    expect(placedArgs({ args }, changes, mounts)).toEqual([
      '--cni-socket=/x/cni/cni.sock',
      '--status-socket=/x/run/agent.sock',
    ]);
  });
});

describe('placedText', () => {
  it.each([
    ['/run/rolegate/agent.sock', '/x/run/agent.sock'],
    ['/run/rolegate-cni/cni.sock', '/x/cni/cni.sock'],
    ['/run/rolegate-state', '/run/rolegate-state'],
    ['/var/lib/cni/results,/var/lib/cni/cache/results', '/x/net/results,/x/net/cache/results'],
    ['/host/run/rolegate', '/host/run/rolegate'],
  ])('The path %s becomes %s', (text, placed) => {
    expect(placedText(text, mounts)).toBe(placed);
  });
});
