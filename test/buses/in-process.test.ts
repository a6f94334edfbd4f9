import { expect, test } from 'vitest';
import { createInProcessBus } from '../../src/buses/in-process.ts';
import { busSuite } from '../conformance/bus-suite.ts';

busSuite({ name: 'in-process', server: null, open: createInProcessBus });

test('loses nothing, and is always well', async () => {
  await using bus = createInProcessBus();
  expect(bus.lossless).toBe(true);
  await bus.check();
});
