import { GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { Caller } from '../core/viewer.ts';
import type { Engine, Operation } from '../graphql/engine.ts';
import type { Hub } from '../live/hub.ts';
import type { InFlight } from './in-flight.ts';
import { SilentStream, SubscriptionStream } from './subscription-stream.ts';
import type { Within } from './observer.ts';
import type { IdClaim, WsConnection } from './ws-connection.ts';

export interface WsOperationsOptions {
  readonly engine: Engine;
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly inFlight: InFlight;
  /** Of one connection; as many queries and mutations may be waiting for their answers. */
  readonly maxSubscriptions: number;
  /** Whether the gateway is about to close its sockets. */
  readonly isClosing: () => boolean;
  /** The carrier is `extensions` of the operation: a WebSocket has headers once, and then carries many of them. */
  readonly within?: Within | undefined;
}

/** An operation that is ready to run, as the graphql-ws library hands it from `onSubscribe` to `execute` or `subscribe`. */
export interface PreparedArgs extends ExecutionArgs {
  readonly run: () => Promise<SilentStream | ExecutionResult> | SilentStream;
}

type Prepared = PreparedArgs | readonly GraphQLError[];
type Prepare = (connection: WsConnection, id: string, payload: SubscribePayload) => Promise<Prepared>;

interface Request {
  readonly connection: WsConnection;
  readonly id: string;
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  readonly args: ExecutionArgs;
  readonly extensions: object;
}

const directly: Within = (_carrier, work) => work();

const rateLimited = (message: string): readonly GraphQLError[] => [new GraphQLError(message, { extensions: { code: 'RATE_LIMITED' } })];

/** Makes the operations of WebSockets ready: the same rules as over HTTP, from the same engine. Never rejects for what a client does. */
export function createWsOperations({
  engine,
  hub,
  inFlight,
  maxSubscriptions,
  isClosing,
  within = directly,
}: WsOperationsOptions): Prepare {
  return async (connection, id, payload) => {
    const { caller } = connection;
    if (caller === null) throw new Error('Operations are taken from acknowledged connections only.');
    const operation = engine.prepare(payload.query, payload.operationName ?? undefined);
    if (!('kind' in operation)) return operation;
    const { document, name: operationName } = operation;
    const args = { schema: engine.schema, document, operationName, rootValue: undefined, contextValue: undefined };
    if (isClosing()) {
      // Without an answer: the client asks again over the connection that it opens next, and this one need not be waited for.
      connection.leave();
      return { ...args, run: () => new SilentStream() };
    }
    const request = { connection, id, operation, variables: payload.variables ?? {}, caller, args, extensions: payload.extensions ?? {} };
    return operation.kind === 'subscription' ? await prepareSubscription(request) : prepareExecution(request);
  };

  function prepareExecution({ connection, id, operation, variables, caller, args, extensions }: Request): Prepared {
    if (connection.executing >= maxSubscriptions) {
      return rateLimited(`A connection waits for ${maxSubscriptions} answers at most: send more when some have come.`);
    }
    connection.executes();
    const claim = connection.claim(id);
    const run = async (): Promise<SilentStream | ExecutionResult> => {
      try {
        const result = await inFlight.run(() =>
          within(extensions, () => engine.execute(operation, variables, engine.createContext(caller))),
        );
        // Completed by the client, and its id is another operation's by now: this result is nobody's.
        return claim.isHeld ? result : new SilentStream();
      } finally {
        connection.executed();
        claim.release();
      }
    };
    return { ...args, run };
  }

  async function prepareSubscription({ connection, id, operation, variables, caller, args, extensions }: Request): Promise<Prepared> {
    if (connection.subscriptions >= maxSubscriptions) {
      return rateLimited(`A connection carries ${maxSubscriptions} subscriptions at most: complete one, or open another connection.`);
    }
    connection.subscriptions++;
    const claim = connection.claim(id);
    try {
      const plan = await within(extensions, () => engine.planSubscription(operation, variables, engine.createContext(caller)));
      if ('groupKey' in plan) {
        const stream = new SubscriptionStream(connection, id, claim, hub, { operation, variables, plan, caller });
        // Completed by the client, and its id is another operation's by now: this one stays silent, and counts, until the socket closes.
        const silent = claim.isHeld ? stream : new SilentStream();
        return { ...args, run: () => silent };
      }
      return refuse(connection, claim, plan);
    } catch (error) {
      const originalError = error instanceof Error ? error : new Error(String(error));
      return refuse(connection, claim, [new GraphQLError('The subscription could not be planned.', { originalError })]);
    }
  }

  function refuse(connection: WsConnection, claim: IdClaim, errors: readonly GraphQLError[]): readonly GraphQLError[] {
    connection.subscriptions--;
    claim.release();
    return errors;
  }
}
