import { describe, expect, it } from 'vitest';
import { createLatecomers } from '../../src/core/latecomers.ts';

describe('work that latecomers share', () => {
  it('runs once at a time, and once more for all who came while it ran', async () => {
    const run = createLatecomers();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let started = 0;
    const work = async (): Promise<number> => {
      const number = (started += 1);
      await gates[number - 1]?.promise;
      return number;
    };
    const first = run('k', work);
    const late = [run('k', work), run('k', work)];
    expect(started).toBe(1);
    expect(await run('other', async () => 'beside')).toBe('beside');
    gates[0]?.resolve();
    expect(await first).toBe(1);
    const later = run('k', work);
    gates[1]?.resolve();
    expect(await Promise.all(late)).toEqual([2, 2]);
    // Either came in time for the second, or had to have a third: never an older one.
    expect(await later).toBeGreaterThanOrEqual(2);
    expect(await run('k', work)).toBe(started);
  });

  it('goes on after one that failed', async () => {
    const run = createLatecomers();
    const failing = run('k', async () => Promise.reject(new Error('no')));
    const next = run('k', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await run('k', async () => 'again')).toBe('again');
  });
});
