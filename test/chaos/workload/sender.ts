import type { Credentials } from '../../support/graphql-client.ts';
import type { Outcome } from '../history.ts';
import { type Context, pause } from './context.ts';
import { write } from './write.ts';

export interface SenderOptions {
  readonly client: string;
  readonly session: string;
  readonly credentials: Credentials;
}

/** Sends one message, under its content as the key, until it is known what became of it; now and then once more after that. */
export async function sendOnce(context: Context, { client, session, credentials }: SenderOptions, content: string): Promise<Outcome> {
  const { outcome } = await write(context, {
    client,
    session,
    operation: 'send',
    subject: content,
    input: { sessionId: session, content, idempotencyKey: content },
    credentials,
    idOf: ({ message }) => message.id,
    repeats: context.random.chance(0.05),
  });
  return outcome;
}

/** Sends at its pace until the run ends, or it is refused: its session is over. */
export async function runSender(
  context: Context,
  options: SenderOptions,
  pauseMs: { readonly from: number; readonly to: number },
): Promise<void> {
  const { random, stopping } = context;
  for (let number = 0; !stopping.aborted; number += 1) {
    if ((await sendOnce(context, options, `${options.client} message ${number}`)) === 'refused') return;
    await pause(random.between(pauseMs.from, pauseMs.to), stopping);
  }
}
