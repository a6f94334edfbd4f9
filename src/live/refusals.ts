import type { GraphQLFormattedError } from 'graphql';
import { encodeEventCursor } from '../core/cursor.ts';
import type { SessionId } from '../core/ids.ts';
import { type Problem, ProblemError, problem } from '../core/problem.ts';
import type { EventEngine } from './results.ts';

/** A problem as the engine words it for clients. */
export const refusal = (engine: EventEngine, cause: Problem): GraphQLFormattedError => engine.formatError(new ProblemError(cause));

export const missing = (sessionId: SessionId): Problem => problem('NOT_FOUND', `There is no session ${sessionId}.`);

export const shutOut = (sessionId: SessionId): Problem =>
  problem('NOT_A_MEMBER', `The caller may not follow session ${sessionId} any more: join it first.`);

export const unrecoverable = (sessionId: SessionId): Problem =>
  problem(
    'CONFLICT',
    `What followed the cursor on session ${sessionId} is not kept: read the session again and subscribe with its cursor.`,
    {
      path: ['after'],
    },
  );

export const eventsLost = (sessionId: SessionId): Problem =>
  problem('CONFLICT', `Events of session ${sessionId} were deleted before they could be delivered: read it again and subscribe anew.`);

/** A subscriber that takes results more slowly than they come. */
export const slowConsumer = (epoch: string, sessionId: SessionId, seq: number): GraphQLFormattedError => ({
  message: 'The subscriber takes events more slowly than they come: subscribe again with `after` set to the cursor in the extensions.',
  extensions: { code: 'SLOW_CONSUMER', cursor: encodeEventCursor({ epoch, sessionId, seq }) },
});
