import { describe, expect, it } from 'vitest';
import { IP, settled, setup, STALE_MS } from './callers-setup.ts';

describe('a handover', () => {
  it('is told when an address that was given to a Pod is another one’s, and when it is nobody’s', async () => {
    const t = setup();
    t.tell({ uid: 'a' });
    t.tell({ uid: 'b' });
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    await settled();
    expect(t.handovers).toEqual([IP]);
    t.results.takeBack('b');
    await settled();
    expect(t.handovers).toEqual([IP, IP]);
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.handovers).toEqual([IP, IP]);
  });

  it('is told of a Pod too that the feed does not name yet', async () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    await settled();
    expect(t.handovers).toEqual([IP]);
  });

  it.each([
    {
      what: 'the feed names the Pod',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'a' });
      },
    },
    {
      what: 'the feed names a static Pod',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'm', runtimeUid: 'a' });
      },
    },
    {
      what: 'the Pod has ended',
      change: (t: ReturnType<typeof setup>) => {
        t.tell({ uid: 'a', ended: true });
      },
    },
    {
      what: 'another address changes hands',
      change: (t: ReturnType<typeof setup>) => {
        t.results.give({ uid: 'b' }, ['10.1.0.8']);
      },
    },
  ])('is not told when $what', async ({ change }) => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    change(t);
    await settled();
    t.who();
    expect(t.handovers).toEqual([]);
  });

  it('is not told of a Pod that was answered by its status and whose result is read after that of another', async () => {
    const t = setup();
    t.tell({ uid: 'a', ips: [IP] });
    t.tell({ uid: 'b', ips: ['10.1.0.8'] });
    await settled();
    expect(t.who()).toBe('a');
    t.results.give({ uid: 'b' }, ['10.1.0.8']);
    await settled();
    expect(t.who()).toBe('unknown');
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.who()).toBe('a');
    expect(t.handovers).toEqual([]);
  });

  it('is told of an unknown address by nobody’s asking', async () => {
    const t = setup();
    t.who();
    t.tell({ uid: 'a' });
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.handovers).toEqual([]);
  });

  it('is told when a request finds it before the change was told', () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    t.who();
    expect(t.handovers).toEqual([IP]);
  });

  it('is told when the feed has been away for too long', async () => {
    const t = setup({ cni: false });
    const stop = new AbortController();
    const running = t.callers.run(stop.signal);
    let changes = 0;
    t.callers.onChange(() => {
      changes += 1;
    });
    t.tell({ uid: 'a', ips: [IP] });
    t.who();
    await settled();
    changes = 0;
    t.feed.awaySinceMs = 0;
    await t.clock.advance(STALE_MS + 1_000);
    expect([t.handovers, changes]).toEqual([[IP], 1]);
    stop.abort();
    await running;
    expect(t.clock.pending).toBe(0);
  });

  it('reaches the others when a listener throws, and not who has left', async () => {
    const t = setup();
    const heard: string[] = [];
    t.callers.onHandover(() => {
      throw new Error('broken');
    });
    t.callers.onHandover((ip) => void heard.push(ip));
    t.callers.onHandover((ip) => void heard.push(ip))();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.takeBack('a');
    await settled();
    expect(heard).toEqual([IP]);
  });

  it('is told before the change is: connections are closed before requests are tried again', async () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    await settled();
    t.callers.onChange(() => void t.handovers.push('change'));
    t.results.takeBack('a');
    await settled();
    expect(t.handovers).toEqual([IP, 'change']);
  });
});
