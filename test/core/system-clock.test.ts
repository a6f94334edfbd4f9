import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/core/system-clock.ts';

const day = 86_400_000;

describe('with time standing still', () => {
  let calls: number;
  const count = () => {
    calls += 1;
  };
  beforeEach(() => {
    calls = 0;
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([1, 1_000, 30 * day, 400 * day])('calls back once, %d ms from now', (ms) => {
    systemClock.at(ms, count);
    vi.advanceTimersByTime(ms - 1);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(1);
    expect(calls).toBe(1);
    vi.advanceTimersByTime(2 * ms);
    expect(calls).toBe(1);
  });

  test('calls back for an instant that has passed, but not before it is asked', () => {
    vi.setSystemTime(5_000);
    systemClock.at(1_000, count);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(1);
    expect(calls).toBe(1);
  });

  test.each([1_000, 30 * day])('does not call back what was cancelled, %d ms ahead', (ms) => {
    const timer = systemClock.at(ms, count);
    vi.advanceTimersByTime(ms - 1);
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    vi.advanceTimersByTime(ms);
    expect(calls).toBe(0);
  });

  test('waits for the instant also where the time is set back', () => {
    systemClock.at(1_000, count);
    vi.setSystemTime(-5_000);
    vi.advanceTimersByTime(1_000);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(calls).toBe(1);
  });
});

test('never calls back early', async () => {
  const early = await Promise.all(
    Array.from({ length: 100 }, (_, n) => {
      const instant = Date.now() + (n % 20);
      return new Promise<boolean>((resolve) => systemClock.at(instant, () => resolve(Date.now() < instant)));
    }),
  );
  expect(early).not.toContain(true);
});

test('keeps no process alive', async () => {
  const module = JSON.stringify(new URL('../../src/core/system-clock.ts', import.meta.url).href);
  const script = `const { systemClock } = await import(${module}); systemClock.at(Date.now() + 3_600_000, () => {}); console.log('end');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 });
  expect(stdout).toBe('end\n');
});
