import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type BusConfig, type BusDriver, busDrivers, openBus } from '../../src/buses/registry.ts';

const names = Object.keys(busDrivers) as BusDriver[];
const events = { onDown() {}, onUp() {}, onError() {} };
// Nobody listens there.
const urls: Readonly<Record<BusDriver, string | null>> = {
  'in-process': null,
  postgres: 'postgres://127.0.0.1:9/parley',
  redis: 'redis://127.0.0.1:9',
  nats: 'nats://127.0.0.1:9',
};
const configOf = (driver: BusDriver): BusConfig => ({ driver, url: urls[driver], channel: 'parley' });

it('has drivers', () => {
  expect(names).toEqual(['in-process', 'postgres', 'redis', 'nats']);
});

it.each(names)('holds driver %s to the conformance suite', (name) => {
  const text = readFileSync(new URL(`./${name}.test.ts`, import.meta.url), 'utf8');
  expect(text).toContain('busSuite({');
  expect(text).toContain(`name: '${name}'`);
});

it.each(names)('opens driver %s by its name', async (name) => {
  await using bus = await openBus(configOf(name), events);
  expect(bus.lossless).toBe(name === 'in-process');
});

it.each(names.filter((name) => name !== 'in-process'))('opens driver %s only with a URL', async (name) => {
  await expect(openBus({ ...configOf(name), url: null }, events)).rejects.toThrow(`Expected the bus ${name} to be given a URL`);
});
