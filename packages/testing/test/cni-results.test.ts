import { readdir, readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createCniResultsDir } from '../src/cni-results.ts';

const POD = { uid: 'uid-1', namespace: 'shop', name: 'cart', ips: ['10.1.0.7'], containerId: 'c0ffee' };

async function read(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
}

describe('CNI results', () => {
  it('Each sandbox and interface has one file, named and closed to others as libcni does it', async () => {
    await using dir = await createCniResultsDir();
    const path = await dir.add(POD);
    await dir.addLoopback(POD);
    expect((await readdir(dir.path)).sort()).toEqual(['cni-loopback-c0ffee-lo', 'podnet-c0ffee-eth0']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dir.path)).mode & 0o777).toBe(0o700);
  });

  it('A file has the fields of cachedInfo in their order, with the configuration in base64', async () => {
    await using dir = await createCniResultsDir();
    const cached = await read(await dir.add({ ...POD, annotations: { team: 'a' } }));
    expect(Object.keys(cached)).toEqual([
      'kind',
      'containerId',
      'config',
      'ifName',
      'networkName',
      'netns',
      'cniArgs',
      'capabilityArgs',
      'result',
    ]);
    expect(JSON.parse(Buffer.from(String(cached['config']), 'base64').toString())).toMatchObject({
      name: 'podnet',
    });
    expect(cached['cniArgs']).toEqual([
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', 'shop'],
      ['K8S_POD_NAME', 'cart'],
      ['K8S_POD_INFRA_CONTAINER_ID', 'c0ffee'],
      ['K8S_POD_UID', 'uid-1'],
    ]);
    expect(cached['capabilityArgs']).toMatchObject({ 'io.kubernetes.cri.pod-annotations': { team: 'a' } });
  });

  it.each([
    { cniVersion: '0.2.0', result: { ip4: { ip: '10.1.0.7/24' }, ip6: { ip: 'fd00::7/64' } } },
    {
      cniVersion: '0.4.0',
      result: {
        ips: [
          { version: '4', interface: 1, address: '10.1.0.7/24' },
          { version: '6', interface: 1, address: 'fd00::7/64' },
        ],
      },
    },
    {
      cniVersion: '1.0.0',
      result: {
        ips: [
          { interface: 1, address: '10.1.0.7/24' },
          { interface: 1, address: 'fd00::7/64' },
        ],
      },
    },
  ] as const)(
    'Addresses are written as CNI version $cniVersion writes them',
    async ({ cniVersion, result }) => {
      await using dir = await createCniResultsDir();
      const cached = await read(await dir.add({ ...POD, ips: ['10.1.0.7', 'fd00::7'], cniVersion }));
      expect(cached['result']).toMatchObject({ cniVersion, ...result });
    },
  );

  it('The UID is left out for a runtime that does not report it', async () => {
    await using dir = await createCniResultsDir();
    const cached = await read(await dir.add({ namespace: 'shop', name: 'cart', ips: ['10.1.0.7'] }));
    expect(JSON.stringify(cached['cniArgs'])).not.toContain('K8S_POD_UID');
  });

  it('Half a file is written, and later completed on request', async () => {
    await using dir = await createCniResultsDir();
    const { path, finish } = await dir.writeHalf(POD);
    await expect(read(path)).rejects.toThrow(SyntaxError);
    await finish();
    expect(await read(path)).toMatchObject({ containerId: 'c0ffee' });
  });

  it('A file can be removed, and the directory is removed in the end', async () => {
    const dir = await createCniResultsDir();
    await dir.remove(await dir.writeRaw('anything', 'at all'));
    expect(await readdir(dir.path)).toEqual([]);
    await dir[Symbol.asyncDispose]();
    await expect(stat(dir.path)).rejects.toThrow('ENOENT');
  });
});
