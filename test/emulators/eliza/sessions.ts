import { randomUUID } from 'node:crypto';
import {
  agentNotFound,
  invalidMetadata,
  invalidTimeout,
  invalidUuid,
  missingFields,
  renewalFailed,
  sessionExpired,
  sessionNotFound,
} from './errors.ts';

export interface TimeoutConfig {
  timeoutMinutes: number;
  /** Whatever was given on creation. */
  autoRenew: unknown;
  maxDurationMinutes: number;
  warningThresholdMinutes: number;
}

/** Instants are epoch milliseconds. */
export interface EmulatedSession {
  readonly id: string;
  readonly channelId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly metadata: Record<string, unknown>;
  readonly createdAt: number;
  lastActivity: number;
  expiresAt: number;
  timeoutConfig: TimeoutConfig;
  renewalCount: number;
  warned: boolean;
}

export interface EmulatedAgent {
  readonly id: string;
  readonly name: string;
  readonly bio: string;
  status: 'active' | 'inactive';
}

/** Of the server's environment; its own where nothing is said. */
export interface TimeoutBounds {
  readonly minMinutes: number;
  readonly maxMinutes: number;
  readonly defaults: TimeoutConfig;
}

const minute = 60_000;
export const uuidShape: RegExp = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const maxMetadata = 10_240;

export const usualBounds: TimeoutBounds = {
  minMinutes: 5,
  maxMinutes: 1_440,
  defaults: { timeoutMinutes: 30, autoRenew: true, maxDurationMinutes: 720, warningThresholdMinutes: 5 },
};

export function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null) return;
  if (JSON.stringify(metadata).length > maxMetadata)
    throw invalidMetadata(`Metadata exceeds maximum size of ${maxMetadata} bytes`, metadata);
}

/** The sessions of a server: in memory, with the clamping, renewing and forgetting that it does. */
export class Sessions {
  readonly all: Map<string, EmulatedSession> = new Map();
  readonly agents: EmulatedAgent[];
  /** What sessions are told with that is not theirs, by their ids. */
  readonly odd: Map<string, object> = new Map();
  readonly #now: () => number;
  readonly #bounds: TimeoutBounds;

  constructor(now: () => number, agents: readonly EmulatedAgent[], bounds: TimeoutBounds) {
    this.#now = now;
    this.agents = [...agents];
    this.#bounds = bounds;
  }

  create(body: Record<string, unknown>): EmulatedSession {
    const { agentId, userId, metadata } = body;
    if (typeof agentId !== 'string' || typeof userId !== 'string') throw missingFields();
    if (!uuidShape.test(agentId)) throw invalidUuid('agentId', agentId);
    if (!uuidShape.test(userId)) throw invalidUuid('userId', userId);
    if (!this.agents.some(({ id, status }) => id === agentId && status === 'active')) throw agentNotFound(agentId);
    checkMetadata(metadata);
    const timeoutConfig = this.#merge((body['timeoutConfig'] ?? {}) as Record<string, unknown>);
    const now = this.#now();
    const session: EmulatedSession = {
      id: randomUUID(),
      channelId: randomUUID(),
      agentId,
      userId,
      metadata: (metadata ?? {}) as Record<string, unknown>,
      createdAt: now,
      lastActivity: now,
      expiresAt: 0,
      timeoutConfig,
      renewalCount: 0,
      warned: false,
    };
    this.#reckon(session);
    this.all.set(session.id, session);
    return session;
  }

  /** The first who asks for one that has expired learns it; then it is unknown. */
  get(id: string): EmulatedSession {
    const session = this.all.get(id);
    if (session === undefined) throw sessionNotFound(id);
    if (session.expiresAt <= this.#now()) {
      this.all.delete(id);
      throw sessionExpired(id, session.expiresAt);
    }
    return session;
  }

  active(): EmulatedSession[] {
    return [...this.all.values()].filter(({ expiresAt }) => expiresAt > this.#now());
  }

  /** Without a word: whoever asks for one of them learns only that it is unknown. */
  sweep(): void {
    for (const [id, { expiresAt }] of this.all) if (expiresAt <= this.#now()) this.all.delete(id);
  }

  /** Whether it was renewed. */
  renew(session: EmulatedSession): boolean {
    if (!session.timeoutConfig.autoRenew) return false;
    const now = this.#now();
    if (now - session.createdAt >= session.timeoutConfig.maxDurationMinutes * minute) return false;
    session.lastActivity = now;
    session.renewalCount += 1;
    session.warned = false;
    this.#reckon(session);
    return true;
  }

  renewAnyway(session: EmulatedSession): void {
    const { autoRenew } = session.timeoutConfig;
    session.timeoutConfig.autoRenew = true;
    const renewed = this.renew(session);
    session.timeoutConfig.autoRenew = autoRenew;
    if (!renewed) throw renewalFailed(session.id);
  }

  heartbeat(session: EmulatedSession): void {
    session.lastActivity = this.#now();
    this.renew(session);
  }

  /** What the body leaves out is reset. */
  setTimeout(session: EmulatedSession, body: unknown): void {
    const config = (typeof body === 'object' && body !== null ? body : null) as Record<string, unknown> | null;
    const isNumber = (value: unknown): boolean => value === undefined || typeof value === 'number' || typeof value === 'string';
    const fits =
      config !== null &&
      ['timeoutMinutes', 'maxDurationMinutes', 'warningThresholdMinutes'].every((key) => isNumber(config[key])) &&
      (config['autoRenew'] === undefined || typeof config['autoRenew'] === 'boolean');
    if (!fits) throw invalidTimeout('Invalid timeout configuration format', body);
    const { minMinutes, maxMinutes } = this.#bounds;
    const asked = Number(config['timeoutMinutes'] ?? minMinutes);
    if (asked < minMinutes || asked > maxMinutes) {
      throw invalidTimeout(`Timeout must be between ${minMinutes} and ${maxMinutes} minutes`, body);
    }
    session.timeoutConfig = this.#merge(config);
    this.#reckon(session);
  }

  isNear({ timeoutConfig, expiresAt }: EmulatedSession): boolean {
    const left = expiresAt - this.#now();
    return left > 0 && left <= timeoutConfig.warningThresholdMinutes * minute;
  }

  created({ id, channelId, agentId, userId, createdAt, metadata, expiresAt, timeoutConfig }: EmulatedSession): object {
    const iso = (at: number): string => new Date(at).toISOString();
    return { sessionId: id, channelId, agentId, userId, createdAt: iso(createdAt), metadata, expiresAt: iso(expiresAt), timeoutConfig };
  }

  info(session: EmulatedSession): object {
    return {
      ...this.created(session),
      lastActivity: new Date(session.lastActivity).toISOString(),
      renewalCount: session.renewalCount,
      timeRemaining: Math.max(0, session.expiresAt - this.#now()),
      isNearExpiration: this.isNear(session),
      ...this.odd.get(session.id),
    };
  }

  #merge(given: Record<string, unknown>): TimeoutConfig {
    const { minMinutes, maxMinutes, defaults } = this.#bounds;
    const number = (key: keyof TimeoutConfig, clamp: (value: number) => number): number => {
      const value = given[key] === undefined ? Number.NaN : Number(given[key]);
      return Number.isFinite(value) ? clamp(value) : (defaults[key] as number);
    };
    const timeoutMinutes = number('timeoutMinutes', (value) => Math.max(minMinutes, Math.min(maxMinutes, value)));
    return {
      timeoutMinutes,
      autoRenew: given['autoRenew'] === undefined ? defaults.autoRenew : given['autoRenew'],
      // The default is not clamped: it may be less than the timeout.
      maxDurationMinutes: number('maxDurationMinutes', (value) => Math.max(timeoutMinutes, Math.min(2 * maxMinutes, value))),
      warningThresholdMinutes: number('warningThresholdMinutes', (value) => Math.max(1, value)),
    };
  }

  #reckon(session: EmulatedSession): void {
    const { timeoutMinutes, autoRenew, maxDurationMinutes } = session.timeoutConfig;
    const capped = this.#now() - session.createdAt + timeoutMinutes * minute > maxDurationMinutes * minute;
    const end = capped
      ? session.createdAt + maxDurationMinutes * minute
      : (autoRenew ? session.lastActivity : session.createdAt) + timeoutMinutes * minute;
    session.expiresAt = Math.trunc(end);
  }
}
