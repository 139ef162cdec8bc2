import { describe, expect, it } from 'vitest';
import { LINK_NAME } from '../../src/interception/endpoint-link.ts';
import { hostInterface } from '../../src/interception/rules/host-interfaces.ts';
import type { HostInterface } from '../../src/interception/rules/host-interfaces.ts';
import { chooseAttachment } from '../../src/self-test/attachment.ts';

const DEVICES = ['lo', 'eth0', 'cni0'].map((name) => ({ name, mac: '', isBridge: name === 'cni0' }));
const entries = (...texts: string[]) =>
  texts.map((text) => (hostInterface.parse(text) as { value: HostInterface }).value);

describe('Test Pod attachment', () => {
  it('The test Pod does not take the name of the link for container credentials', () => {
    expect(chooseAttachment([], DEVICES).device).not.toBe(LINK_NAME);
  });

  it.each([
    { given: [], stand: { device: 'rgtest0' } },
    { given: ['!eth0'], stand: { device: 'rgtest0' } },
    { given: ['cali+'], stand: { device: 'calirgtest0' } },
    { given: ['vlan.eth.1234+'], stand: { device: 'vlan.eth.1234rg' } },
    { given: ['eth0', 'eni+'], stand: { device: 'enirgtest0' } },
    { given: ['cni0'], stand: { device: 'rgtest0', bridge: 'cni0' } },
    { given: ['+'], stand: { device: 'rgtest0' } },
  ])('The stand-in Pod gets an attachment that the host interfaces $given cover', ({ given, stand }) => {
    expect(chooseAttachment(entries(...given), DEVICES)).toEqual(stand);
  });

  it.each([['weave'], ['eth0'], ['cali+', '!cali+']])(
    'The test Pod cannot be attached with host interfaces %s',
    (...given) => {
      expect(() => chooseAttachment(entries(...given), DEVICES)).toThrow('no interface');
    },
  );
});
