import { subscribe, type SubscriptionOptions } from './subscription.ts';

/** Subscribes, makes something happen, and answers the text of the first event that comes of it. */
export async function firstEvent(options: Omit<SubscriptionOptions, 'onEvent' | 'onEnd'>, cause: () => Promise<void>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = await subscribe({
    ...options,
    onEvent: (_, text) => (text === null ? reject(new Error('Expected the text of the event')) : resolve(text)),
    onEnd: (reason) => reject(new Error(reason)),
  });
  socket.keepText(true);
  await cause();
  const text = await promise;
  socket.destroy();
  return text;
}
