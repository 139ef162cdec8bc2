import { describe, expect, it } from 'vitest';
import { cpuTimesOf, readCpuTimes, shareBetween } from '../cluster/watch/cpu-share.ts';

describe('cpuTimesOf', () => {
  it('CPU times are parsed from schedstat', () => {
    expect(cpuTimesOf('215898689 11363613 610\n')).toEqual({ ran: 215_898_689, waited: 11_363_613 });
    expect(cpuTimesOf('')).toBeUndefined();
  });
});

describe('readCpuTimes', () => {
  it('CPU times of a process that does not exist are undefined', async () => {
    await expect(readCpuTimes(undefined)).resolves.toBeUndefined();
    await expect(readCpuTimes(2 ** 30)).resolves.toBeUndefined();
  });
});

describe('shareBetween', () => {
  it('The CPU share is the time run divided by the time wanted', () => {
    expect(shareBetween({ ran: 100, waited: 50 }, { ran: 400, waited: 150 })).toBe(0.75);
  });

  it.each([
    { what: 'nothing is known', from: undefined, to: { ran: 1, waited: 1 } },
    { what: 'the process was replaced', from: { ran: 100, waited: 5 }, to: { ran: 10, waited: 50 } },
  ])('The CPU share is 1 if $what', ({ from, to }) => {
    expect(shareBetween(from, to)).toBe(1);
  });
});
