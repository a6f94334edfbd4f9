import { createGraphiQLFetcher, type Fetcher, type FetcherParams, type Observable } from '@graphiql/toolkit';
import type { FormattedExecutionResult } from 'graphql-ws';
import { textAt } from './json.ts';
import type { Live, LiveObserver } from './live.ts';
import { requestHeaders } from './token.ts';

export interface FetcherOptions {
  /** Where the gateway answers GraphQL, as an absolute URL. */
  readonly url: string;
  readonly live: Live;
  /** The token at the time of the request. */
  readonly token: () => string;
  /** Called with each HTTP result before GraphiQL shows it. */
  readonly onResult: (result: unknown) => void;
  /** The tab that is open now and all that exist. */
  readonly tabs: () => TabsInView;
}

export interface TabsInView {
  readonly active: string | null;
  readonly all: readonly string[];
}

/** GraphQL takes the operation by its name, and the only one where no name is given. */
function isSubscription(definitions: readonly unknown[], operationName: string | null | undefined): boolean {
  const operations = definitions.filter((definition) => textAt(definition, 'kind') === 'OperationDefinition');
  const chosen = operationName ? operations.find((operation) => textAt(operation, 'name', 'value') === operationName) : operations[0];
  return textAt(chosen, 'operation') === 'subscription';
}

/** Whether what GraphiQL knows of the operation is of the text before: it learns of a new text, of another tab for one, a moment later. */
const isStale = ({ query, operationName }: FetcherParams): boolean =>
  Boolean(operationName) && !new RegExp(`\\b(?:query|mutation|subscription)\\s+${operationName}\\b`).test(query);

/**
 * GraphiQL's fetcher: queries and mutations by POST, subscriptions through `live`. Token and edited headers go with both; an edited header
 * wins over the token's.
 */
export function createFetcher({ url, live, token, onResult, tabs }: FetcherOptions): Fetcher {
  const post = createGraphiQLFetcher({
    url,
    enableIncrementalDelivery: false,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      response
        .clone()
        .json()
        .then(onResult)
        // Not JSON: GraphiQL reports that itself.
        .catch(() => undefined);
      return response;
    },
  });

  return (given, options) => {
    const stale = isStale(given);
    const params = stale ? { ...given, operationName: null } : given;
    const subscribes = stale
      ? /^\s*subscription\b/m.test(given.query)
      : isSubscription(options?.documentAST?.definitions ?? [], given.operationName);
    const headers = (): Record<string, string> => requestHeaders(token(), options?.headers ?? {});
    if (!subscribes) return post(params, { ...options, headers: headers() });
    const startedIn = tabs().active;
    const started = {
      subscribe(observer: LiveObserver) {
        live.start(params, headers, observer);
        return {
          unsubscribe() {
            // GraphiQL stops the subscription whenever another tab is opened, and tells which tab is open only afterwards. A person who
            // goes on to send a message wants to see it arrive: the subscription ends with its tab and with the stop button only.
            live.detach();
            queueMicrotask(() => {
              const { active, all } = tabs();
              if (startedIn === null || active === startedIn || !all.includes(startedIn)) live.stop();
            });
          },
        };
      },
    };
    // Of the forms that an observable offers, GraphiQL uses the one with an observer only.
    return started as Observable<FormattedExecutionResult> as ReturnType<Fetcher>;
  };
}
