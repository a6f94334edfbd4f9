import { afterEach, describe, expect, test } from 'vitest';
import { closeSound, contents, createLiveWorld, eventsDocument, type LiveWorld, messagesDocument, record } from './live-world.ts';

let world: LiveWorld;
afterEach(() => closeSound(world));

describe('a slow subscriber', () => {
  test('is ended with the cursor to go on from, and costs the others nothing', async () => {
    world = createLiveWorld({ hub: { maxBufferedBytes: 1_000 } });
    const host = await world.create();
    const [slow, quick] = [await record(world, host.caller, messagesDocument), await record(world, host.caller, messagesDocument)];
    await world.send(host, 'one');
    await Promise.all([slow.count(1), quick.count(1)]);
    slow.buffered = 1_001;
    await world.send(host, 'two');
    const end = await slow.ended;
    expect(end.extensions).toEqual({ code: 'SLOW_CONSUMER', cursor: slow.received[0].cursor });
    await world.send(host, 'three');
    expect(contents(await quick.count(3))).toEqual(['one', 'two', 'three']);
    const again = await record(world, host.caller, messagesDocument, { after: end.extensions.cursor });
    expect(contents(await again.count(2))).toEqual(['two', 'three']);
  });

  test('is left alone up to the bound', async () => {
    world = createLiveWorld({ hub: { maxBufferedBytes: 1_000 } });
    const host = await world.create();
    const recording = await record(world, host.caller, messagesDocument);
    recording.buffered = 1_000;
    await world.send(host, 'one');
    expect(contents(await recording.count(1))).toEqual(['one']);
  });

  test('is not ended by what it is not given', async () => {
    world = createLiveWorld({ hub: { maxBufferedBytes: 1_000 } });
    const host = await world.create();
    const slow = await record(world, host.caller, eventsDocument, { types: ['MEMBER_JOINED'] });
    const quick = await record(world, host.caller, messagesDocument);
    await slow.count(1);
    slow.buffered = 2_000;
    await world.send(host, 'one');
    await quick.count(1);
    expect(slow.end).toBeUndefined();
  });
});
