import type { Member } from '../member.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { ServiceSuggestion } from '../service.ts';
import type { Session } from '../session.ts';
import { sleepUntil } from '../sleep.ts';
import { type SessionAccess, createSessionAccess } from './access.ts';
import { type Adopt, createAdopt } from './adopt.ts';
import { type Ingest, createIngest } from './ingest.ts';
import type { UpstreamParts } from './parts.ts';
import { type Refresh, createRefresh } from './refresh.ts';
import { type Watches, createWatches } from './watches.ts';

export interface UpstreamsOptions extends Omit<UpstreamParts, 'access' | 'signal' | 'background'> {
  /** How long a source is kept for those who come back. @default 30_000 // 30 seconds */
  readonly lingerMs?: number;
}

/** The services behind the sessions, as the rest of the gateway asks for them. Disposing ends what is under way. */
export interface Upstreams extends Pick<Refresh, 'refresh'>, Adopt, Pick<Watches, 'watch'>, AsyncDisposable {
  readonly access: SessionAccess;
  readonly ingest: Ingest;
  /** Aborted when the gateway stops. */
  readonly signal: AbortSignal;
  /** Whether there is a service behind the session that can still be asked. */
  isRemote(session: Session): boolean;
  /** What the agent suggests, newest first. */
  suggestions(session: Session, member: Member | null, limit: number): Promise<readonly ServiceSuggestion[] | Problem>;
  /** Lets the session go at its service, after the gateway's rules have ended it; tries again where that fails at first. */
  release(session: Session): Promise<void>;
  /** Work that nobody waits for, but the end of the gateway. */
  background(work: Promise<unknown>): void;
}

const releaseTries = 3;

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { store, box, backends, clock, report } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const access = createSessionAccess({ store, box });
  const running = new Set<Promise<unknown>>();

  function background(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((error: unknown) => {
        if (!signal.aborted) report(error);
      })
      .finally(() => running.delete(tracked));
    running.add(tracked);
  }

  const parts: UpstreamParts = { ...options, access, background, signal };
  const refresh = createRefresh(parts);
  const ingest = createIngest(parts, refresh);
  const adopt = createAdopt(parts, refresh);
  const watches = createWatches({ ...parts, refresh, ingest, ...(options.lingerMs !== undefined && { lingerMs: options.lingerMs }) });

  /** Until the time is over, or the gateway stops. */
  const pause = (ms: number): Promise<void> => sleepUntil(clock, clock.now() + ms, signal).catch(() => {});

  return {
    access,
    ingest,
    signal,
    background,
    refresh: (session) => refresh.refresh(session),
    find: (backend, handle) => adopt.find(backend, handle),
    survey: (query) => adopt.survey(query),
    watch: (sessionId) => watches.watch(sessionId),
    isRemote: ({ backend, status }) => status === 'ACTIVE' && (backends.get(backend)?.service ?? null) !== null,
    async suggestions(session, member, limit) {
      const service = backends.get(session.backend)?.service ?? null;
      if (service?.suggestions === undefined || session.status !== 'ACTIVE') {
        const { backend } = session;
        return problem('UNSUPPORTED', `Backend ${backend} has no suggestions: see SUGGESTIONS in \`Backend.features\`.`, { backend });
      }
      // Nothing is done in anybody's name: where the caller has no secret another's will do.
      const speaks = service.perMember && member?.upstream?.sealed == null ? null : member;
      return service.suggestions(await access.at(service, session, speaks), limit, signal);
    },
    async release(session) {
      const service = backends.get(session.backend)?.service ?? null;
      if (service?.effects.end === undefined) return;
      for (let tries = 1; tries <= releaseTries && !signal.aborted; tries += 1) {
        const answer = await service.effects.end(await access.at(service, session, null), signal);
        if (!isProblem(answer) || answer.code === 'EXPIRED' || answer.code === 'ENDED') return;
        if (tries === releaseTries) report(new Error(`Session ${session.id} could not be deleted at its service: ${answer.detail}`));
        else await pause(5_000 * tries);
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort(new DOMException('The gateway is stopping.', 'AbortError'));
      await watches[Symbol.asyncDispose]();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
