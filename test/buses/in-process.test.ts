import { expect, test } from 'vitest';
import { busDrivers, openBus } from '../../src/buses/registry.ts';
import { newSessionId } from '../../src/core/ids.ts';
import type { Hint } from '../../src/core/ports.ts';

const hint = (seq: number): Hint => ({ sessionId: newSessionId(), seq });

test('the registry opens what a configuration names', () => {
  for (const driver of Object.keys(busDrivers) as (keyof typeof busDrivers)[]) expect(openBus({ driver }).lossless).toBe(true);
});

test('a hint reaches every subscription, in order', () => {
  const bus = openBus({ driver: 'in-process' });
  const [one, two]: [Hint[], Hint[]] = [[], []];
  bus.subscribe((each) => one.push(each));
  bus.subscribe((each) => two.push(each));
  const hints = [hint(1), hint(2), hint(3)];
  for (const each of hints) bus.publish(each);
  expect(one).toEqual(hints);
  expect(two).toEqual(hints);
});

test('a subscription ends by itself alone, also where the same function has two', () => {
  const bus = openBus({ driver: 'in-process' });
  const seen: Hint[] = [];
  const handler = (each: Hint) => {
    seen.push(each);
  };
  const [first, second] = [bus.subscribe(handler), bus.subscribe(handler)];
  first();
  first();
  bus.publish(hint(1));
  expect(seen).toHaveLength(1);
  second();
  bus.publish(hint(2));
  expect(seen).toHaveLength(1);
});

test('one that ends while it is told keeps the others', () => {
  const bus = openBus({ driver: 'in-process' });
  const seen: string[] = [];
  const end = bus.subscribe(() => {
    seen.push('first');
    end();
  });
  bus.subscribe(() => seen.push('second'));
  bus.publish(hint(1));
  bus.publish(hint(2));
  expect(seen).toEqual(['first', 'second', 'second']);
});

test('nothing comes after the end', async () => {
  const bus = openBus({ driver: 'in-process' });
  const seen: Hint[] = [];
  const end = bus.subscribe((each) => seen.push(each));
  await bus.check();
  await bus[Symbol.asyncDispose]();
  await bus[Symbol.asyncDispose]();
  bus.publish(hint(1));
  end();
  expect(seen).toEqual([]);
});
