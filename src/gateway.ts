import { createHmac, randomBytes } from 'node:crypto';
import { createAddresses } from './auth/addresses.ts';
import { createApiKeyVerifier } from './auth/api-key-verifier.ts';
import { createAttemptLimiter } from './auth/attempts.ts';
import { createAuthenticator } from './auth/authenticator.ts';
import { createJwtVerifier } from './auth/jwt.ts';
import { createMemberTokens } from './auth/member-tokens.ts';
import { createPasswordHasher } from './auth/passwords.ts';
import { findRevoked } from './auth/revocation.ts';
import { deriveKey } from './auth/secret.ts';
import { createSecretBox } from './auth/secret-box.ts';
import { createWalletAuth } from './auth/wallet.ts';
import { openBackends } from './backends/registry.ts';
import { openBus } from './buses/registry.ts';
import type { ParleyConfig, ResolvedConfig } from './config/config.ts';
import { packageVersion } from './config/package-version.ts';
import { resolveConfig } from './config/resolve.ts';
import { readOrCreateSecret } from './config/secret-file.ts';
import { createExpiry } from './core/expiry.ts';
import { createRetention } from './core/retention.ts';
import type { RetentionLimits } from './core/retention-round.ts';
import { createSerializer } from './core/serializer.ts';
import { createSessionService } from './core/session-service.ts';
import type { SessionId } from './core/ids.ts';
import type { Emit } from './core/ports.ts';
import { isProblem, problemCodes } from './core/problem.ts';
import { systemClock } from './core/system-clock.ts';
import { createUpstreams } from './core/upstream/upstreams.ts';
import { createEngine } from './graphql/engine.ts';
import { errorCodes } from './graphql/errors.ts';
import { type Hub, createHub } from './live/hub.ts';
import { createPresence } from './live/presence.ts';
import { createBackgroundReports } from './observability/background-reports.ts';
import { createLogger } from './observability/logger.ts';
import { observeEngine } from './observability/observe-engine.ts';
import { createObserver } from './observability/observe.ts';
import { openStore } from './stores/registry.ts';
import { createMetricsServer } from './transport/metrics-server.ts';
import { createTransport } from './transport/transport.ts';

export { MetricsListenError } from './transport/metrics-server.ts';

/** A running gateway, or one about to be. Disposing drains it: see `server.drainSeconds`. */
export interface Gateway extends AsyncDisposable {
  /**
   * Listens. Answers with where: `http://127.0.0.1:4000`, and where `/metrics` is, null where there is none. Rejects where a port is taken.
   */
  start(): Promise<{ readonly url: string; readonly metricsUrl: string | null }>;
}

const hourMs = 3_600_000;
const daysMs = (days: number | null): number | null => (days === null ? null : days * 24 * hourMs);

const retentionLimits = (retention: ResolvedConfig['retention']): RetentionLimits => ({
  idempotencyMs: retention.idempotencyHours * hourMs,
  timelineMs: daysMs(retention.timelineDays),
  timelineEvents: retention.timelineEvents,
  messageMs: daysMs(retention.messageDays),
  messageCount: retention.messageCount,
  endedSessionMs: daysMs(retention.endedSessionDays),
});

const secretOf = async (config: ResolvedConfig): Promise<string> => {
  if (config.secret !== null) return config.secret;
  // What a store in memory holds does not outlive the process, and neither need the tokens.
  return config.store.driver === 'memory' ? randomBytes(48).toString('base64url') : readOrCreateSecret(config.dataDir);
};

/**
 * Puts a gateway together. The environment is not read: what is not given has its default.
 *
 * @throws ConfigError with every mistake in the configuration.
 * @throws Error where the store or the secret cannot be opened; what was opened before is closed again.
 */
export async function createGateway(given: ParleyConfig = {}): Promise<Gateway> {
  const { config } = resolveConfig({ file: given });
  const logger = createLogger({ level: config.log.level });
  // In the order of their making; closed in the opposite one.
  const opened: AsyncDisposable[] = [];
  const own = <T extends AsyncDisposable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const close = async (): Promise<void> => {
    if (opened.length === 0) return;
    logger.info('Parley is stopping');
    for (const part of opened.splice(0).toReversed()) {
      try {
        await part[Symbol.asyncDispose]();
      } catch (error) {
        // The others still have to be closed.
        logger.error({ err: error }, 'A part of the gateway could not be closed');
      }
    }
    logger.info('Parley has stopped');
    logger.flush();
  };

  try {
    return await compose(config, logger, own, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  config: ResolvedConfig,
  logger: ReturnType<typeof createLogger>,
  own: <T extends AsyncDisposable>(part: T) => T,
  close: () => Promise<void>,
): Promise<Gateway> {
  if (config.environment === 'production' && /^localhost(?::|$)/.test(config.auth.wallet.domain)) {
    logger.warn(
      { setting: 'auth.wallet.domain', value: config.auth.wallet.domain },
      'Wallets will warn of a sign-in for localhost: name your site',
    );
  }
  const secret = await secretOf(config);
  const report = createBackgroundReports(logger);

  const observer = await createObserver({
    metrics: config.metrics.enabled,
    version: await packageVersion(),
    storeDriver: config.store.driver,
    busDriver: config.bus.driver,
  });
  const clock = observer.clock(systemClock);
  const store = own(observer.store(await openStore(config.store, config.dataDir)));
  const busEvents = observer.busLife({
    onDown: (error: Error) =>
      logger.warn({ err: error, bus: config.bus.driver }, 'The bus is not connected: changes come by looking for them'),
    onUp: () => logger.info({ bus: config.bus.driver }, 'The bus is connected'),
    onError: report('A hint could not be dealt with'),
  });
  const bus = own(observer.bus(await openBus(config.bus, busEvents)));
  const backends = openBackends(config.backends, observer.calls);
  own({
    async [Symbol.asyncDispose]() {
      await Promise.all([...backends.values()].map(async ({ service }) => service?.[Symbol.asyncDispose]()));
    },
  });
  const presence = own(createPresence({ store: store.presence, clock, report: report('Who is online could not be noted') }));
  const box = createSecretBox(secret);
  const inTurn = createSerializer();
  // The hub follows the services, and what they say goes to the hub.
  let hub: Hub | null = null;
  const emit: Emit = (sessionId, body) => hub?.emit(sessionId, body);
  const schedule = (sessionId: SessionId, dueAt: number): void => expiry.schedule(sessionId, dueAt);
  const upstreams = own(
    createUpstreams({
      store,
      bus,
      clock,
      backends,
      box,
      inTurn,
      emit,
      schedule,
      lingerMs: config.live.lingerMs,
      report: report('What happened at a service could not be recorded'),
    }),
  );
  const expiry = own(
    createExpiry({
      store,
      bus,
      clock,
      async confirm(session) {
        const now = await upstreams.refresh(session);
        return isProblem(now) ? null : now;
      },
      onExpired(session) {
        if (backends.get(session.backend)?.onExpiry === 'DELETE') upstreams.background(upstreams.release(session));
      },
      report: report('Sessions could not be expired'),
    }),
  );
  const retention = own(
    createRetention({
      store,
      clock,
      limits: retentionLimits(config.retention),
      onRound(removed) {
        if (removed === null) logger.debug('Another gateway removes what is not kept any more');
        else logger[Object.values(removed).some((count) => count > 0) ? 'info' : 'debug'](removed, 'Removed what is not kept any more');
      },
      report: report('Old records could not be removed'),
    }),
  );

  const { auth } = config;
  const memberTokens = createMemberTokens({ secret, lifetimeSeconds: auth.memberTokenSeconds, clock });
  const walletAuth = createWalletAuth({
    challenges: store.challenges,
    attempts: createAttemptLimiter(),
    clock,
    ...auth.wallet,
    box,
    relays: new Map([...backends].flatMap(([name, { service }]) => (service?.wallet === undefined ? [] : [[name, service.wallet]]))),
    challengeSeconds: auth.challengeSeconds,
    tokenSeconds: auth.walletTokenSeconds,
    secret,
  });
  const authenticator = createAuthenticator({
    apiKeys: createApiKeyVerifier({ store: store.apiKeys, clock }),
    memberTokens,
    wallet: walletAuth,
    users: auth.jwt && createJwtVerifier({ ...auth.jwt, clock, onUnavailable: report('The identity provider cannot be reached') }),
    members: store.members,
  });

  const idempotencyKey = deriveKey(secret, 'idempotency');
  const useCases = createSessionService({
    store,
    bus,
    backends,
    defaultBackend: config.defaultBackend,
    clock,
    passwords: createPasswordHasher(),
    tokens: memberTokens,
    attempts: createAttemptLimiter(auth.passwordAttempts),
    addresses: createAddresses(),
    fingerprint: (text) => createHmac('sha256', idempotencyKey).update(text).digest('hex'),
    limits: config.sessions,
    upstreams,
    inTurn,
    box,
    walletProofs: walletAuth,
    emit,
    schedule,
  });
  const plainEngine = createEngine({
    store,
    useCases,
    backends,
    upstreams,
    defaultBackend: config.defaultBackend,
    clock,
    presence,
    walletAuth,
    limits: config.graphql.limits,
    sessionLimits: config.sessions,
    anonymous: auth.anonymous,
    introspection: config.graphql.introspection,
    report: (error, correlationId) => logger.error({ err: error, correlationId }, 'Unexpected error'),
  });
  const engine = observeEngine(plainEngine, observer, [...problemCodes, ...errorCodes]);
  hub = own(
    createHub({
      store,
      // Other gateways may write to the same file, and the bus of this process does not hear of it.
      bus: { lossless: bus.lossless && config.store.driver === 'memory', subscribe: (handler, onGap) => bus.subscribe(handler, onGap) },
      engine,
      clock,
      presence,
      watchService: (sessionId) => upstreams.watch(sessionId),
      maxBufferedBytes: config.live.maxBufferedBytes,
      pollMs: config.live.pollMs,
      onError: report('A subscription could not be served'),
      onDelivered: observer.onDelivered,
    }),
  );
  bus.hear(({ sessionId, messageId, text }) => hub?.emit(sessionId, { type: 'REPLY_DELTA', messageId, text }));
  const { metrics } = observer;
  const { host, port, token } = config.metrics;
  const page = metrics && { token, render: () => metrics.render() };
  const metricsServer = page !== null && port !== null ? own(createMetricsServer({ host, port, ...page })) : null;
  const transport = own(
    await createTransport({
      engine,
      hub,
      authenticator,
      findRevoked: (viewers) => findRevoked(store, viewers),
      store,
      bus,
      backends,
      clock,
      logger,
      ...config.server,
      ...config.live,
      graphiql: config.graphql.graphiql,
      introspection: config.graphql.introspection,
      observer: observer.transport,
      metrics: port === null ? page : null,
    }),
  );
  metrics?.watch({ store, bus, backends, hub, transport });

  return {
    async start() {
      const ownMetricsUrl = (await metricsServer?.listen()) ?? null;
      const { url } = await transport.listen();
      const metricsUrl = ownMetricsUrl ?? (metrics === null ? null : `${url}/metrics`);
      expiry.start();
      retention.start();
      logger.info({ url, metricsUrl, environment: config.environment, store: config.store.driver }, 'Parley is listening');
      return { url, metricsUrl };
    },
    [Symbol.asyncDispose]: close,
  };
}
