import type { ResolvedConfig } from '../../config/config.ts';
import { createGateway, type Gateway, MetricsListenError } from '../../gateway.ts';
import { loadConfigFor, type ParsedFlags } from '../config-flags.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { watchLifetime } from '../lifetime.ts';

// What closing takes beyond the answers in flight: subscriptions, stores, the logger.
const closingMs = 5_000;

/** `parley start`: runs the gateway until a signal, then drains it. */
export async function start(flags: ParsedFlags): Promise<void> {
  const { config } = await loadConfigFor(flags);
  const { server } = config;
  const lifetime = watchLifetime((server.drainDelaySeconds + server.drainSeconds) * 1_000 + closingMs);
  let reason;
  let gateway: Gateway | null = null;
  try {
    gateway = await createGateway(config).catch(explain);
    const { url } = await gateway.start().catch((error: unknown) => explainListening(error, config));
    greet(url, config.graphql.graphiql);
    reason = await lifetime.end;
  } finally {
    await gateway?.[Symbol.asyncDispose]();
    lifetime[Symbol.dispose]();
  }
  // An exception that nobody caught may have left anything behind: a socket that would keep the process waiting, for one.
  if (reason === 'crash') process.exit(exitCodes.failure);
}

/** For people: whoever reads the output by program gets the lines of the log and nothing else. */
function greet(url: string, graphiql: boolean): void {
  if (!process.stdout.isTTY) return;
  const page = graphiql ? `\n  GraphiQL  ${url}/` : '';
  process.stdout.write(`\n  Parley is ready. Ctrl+C stops it.${page}\n  GraphQL   ${url}/graphql (HTTP, WebSocket, SSE)\n\n`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function explain(error: unknown): never {
  const { cause } = error instanceof Error ? error : {};
  throw new CommandFailure(`The gateway cannot be started: ${messageOf(error)}`, { cause });
}

/** Which of the two listeners it was. */
function listenerOf(error: unknown, { server, metrics }: ResolvedConfig) {
  if (error instanceof MetricsListenError) {
    const { host, port } = metrics;
    return { cause: error.cause, host, port, choosePort: 'PARLEY_METRICS_PORT', chooseHost: 'PARLEY_METRICS_HOST' };
  }
  return { cause: error, host: server.host, port: server.port, choosePort: '--port or PORT', chooseHost: '--host or HOST' };
}

function explainListening(error: unknown, config: ResolvedConfig): Promise<{ readonly url: string }> {
  const { cause, host, port, choosePort, chooseHost } = listenerOf(error, config);
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  const next = `choose another one with ${choosePort}`;
  if (code === 'EADDRINUSE') throw new CommandFailure(`Port ${port} of ${host} is in use: end what listens there, or ${next}`);
  if (code === 'EACCES') throw new CommandFailure(`Port ${port} of ${host} is not free to everyone: ${next}, 1024 or above`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    throw new CommandFailure(`${host} is no address of this machine: choose one with ${chooseHost}`);
  }
  return explain(error);
}
