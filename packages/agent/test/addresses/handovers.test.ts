import { describe, expect, it } from 'vitest';
import { IP, settled, setup, STALE_MS } from './callers-setup.ts';

describe('Handovers', () => {
  it('A handover is reported when a Pod’s address goes to another Pod, and when it is released', async () => {
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

  it('A handover is also reported for a Pod that the feed does not name yet', async () => {
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
  ])('No handover is reported when $what', async ({ change }) => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    change(t);
    await settled();
    t.who();
    expect(t.handovers).toEqual([]);
  });

  it('No handover is reported for a Pod answered by its status if its result is read after another Pod’s', async () => {
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

  it('No handover is reported when an unknown address gets its first owner', async () => {
    const t = setup();
    t.who();
    t.tell({ uid: 'a' });
    t.results.give({ uid: 'a' });
    await settled();
    expect(t.handovers).toEqual([]);
  });

  it('A handover is reported when a request finds the change before it is reported', () => {
    const t = setup();
    t.results.give({ uid: 'a' });
    t.who();
    t.results.give({ uid: 'b' });
    t.who();
    expect(t.handovers).toEqual([IP]);
  });

  it('A handover is reported when the feed has been lost for too long', async () => {
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
    t.feed.lostSinceMs = 0;
    await t.clock.advance(STALE_MS + 1_000);
    expect([t.handovers, changes]).toEqual([[IP], 1]);
    stop.abort();
    await running;
    expect(t.clock.pending).toBe(0);
  });

  it('A handover reaches the other listeners if one throws, and no removed listener', async () => {
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

  it('A handover is reported before the change, so connections close before requests are tried again', async () => {
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
