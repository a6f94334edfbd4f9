import type { Backend } from '../backend.ts';
import { shown } from '../checks.ts';
import { createdWith } from '../decide/adoption.ts';
import { checkCreate, decideCreate } from '../decide/create.ts';
import type { Idempotency, Requested } from '../idempotency.ts';
import { canonicalList, identify } from '../identity.ts';
import { type SessionId, kindOfId, nameInId, newHandle, newMemberId, newSessionId } from '../ids.ts';
import type { SessionLimits } from '../limits.ts';
import type { Member } from '../member.ts';
import type { IdempotencyRecord, SessionCreation } from '../commit.ts';
import type { Addresses, Bus, Clock, MemberTokens, SecretBox, Store, WalletProofs } from '../ports.ts';
import { type Problem, isProblem, problem } from '../problem.ts';
import type { Serializer } from '../serializer.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { Admission, CreateInput, UseCases } from '../use-cases.ts';
import { type Caller, membershipPrincipal, principalOf, tiers } from '../viewer.ts';
import type { SessionPasswords } from './passwords.ts';
import { type Undo, createRecordCreation } from './record-creation.ts';
import { noSession } from './runner.ts';
import { withoutSecrets } from './settings.ts';

export interface CreateOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly defaultBackend: string;
  readonly clock: Clock;
  readonly addresses: Addresses;
  readonly limits: SessionLimits;
  readonly passwords: SessionPasswords;
  readonly idempotency: Idempotency;
  readonly inTurn: Serializer;
  readonly admit: Admit;
  readonly upstreams: Upstreams;
  readonly box: SecretBox;
  readonly walletProofs: WalletProofs;
  readonly schedule: (sessionId: SessionId, dueAt: number) => void;
}

interface Prepared {
  readonly creation: SessionCreation;
  readonly undo: Undo;
}

/** The answer to somebody who got in. */
export type Admit = (sessionId: SessionId, member: Pick<Member, 'id' | 'joinedAt'>) => Promise<Admission>;

export const createAdmit =
  (tokens: MemberTokens): Admit =>
  async (sessionId, member) => ({ sessionId, memberId: member.id, credentials: await tokens.issue(member) });

/** The command that makes a session. */
export function createCreate(options: CreateOptions): UseCases['create'] {
  const { store, backends, clock, addresses, limits, passwords, idempotency, inTurn, admit, upstreams, box, walletProofs } = options;
  const record = createRecordCreation(options);

  function backendIn({ viewer }: Caller, input: CreateInput): Backend | Problem {
    const named = input.backend ?? options.defaultBackend;
    const path = ['backend'];
    const backend = backends.get(kindOfId(named) === 'Backend' ? nameInId(named) : named);
    if (backend === undefined)
      return problem('BAD_INPUT', `Expected \`backend\` to be one of ${[...backends.keys()].join(', ')}, got ${shown(named)}.`, { path });
    const { name, minimumTier } = backend;
    const tier = viewer.kind === 'API_KEY' ? viewer.tier : 'FREE';
    if (minimumTier !== null && tiers.indexOf(tier) < tiers.indexOf(minimumTier))
      return problem('TIER_REQUIRED', `Backend ${name} needs tier ${minimumTier}; the caller has ${tier}.`, { path, backend: name });
    if (input.agentId && backend.features.AGENT_REPLY === 'UNAVAILABLE')
      return problem('UNSUPPORTED', `Backend ${name} has no agents to talk to.`, { path: ['agentId'], backend: name });
    return backend;
  }

  /** The session as it is to be stored; the backend has opened it. */
  async function prepare({ viewer }: Caller, input: CreateInput, backend: Backend): Promise<Prepared | Problem> {
    const memberId = newMemberId();
    const [identity, allowlist, owners, passwordHash] = await Promise.all([
      identify(viewer, memberId, input.identity, viewer.kind === 'API_KEY', addresses),
      canonicalList(['rules', 'allowlist'], input.rules?.allowlist, addresses),
      canonicalList(['owners'], input.owners, addresses),
      passwords.hashOf(input.rules, backend.features.PASSWORD === 'UPSTREAM'),
    ]);
    if (isProblem(identity)) return identity;
    if (isProblem(allowlist)) return allowlist;
    if (isProblem(owners)) return owners;
    if (isProblem(passwordHash)) return passwordHash;
    const ready: CreateInput = {
      ...input,
      owners,
      ...(input.rules && { rules: { ...input.rules, ...(input.rules.allowlist && { allowlist }) } }),
    };
    const { service } = backend;
    const { name, address } = identity;
    const creation = decideCreate(withoutSecrets(ready, service?.secretDefaults ?? []), {
      sessionId: newSessionId(),
      memberId,
      backend: backend.name,
      handle: input.handle ?? newHandle(),
      principal: membershipPrincipal(viewer),
      identity: { name, address },
      passwordHash: passwordHash ?? null,
      now: clock.now(),
    });
    if (isProblem(creation) || service === null) return isProblem(creation) ? creation : { creation, undo: null };
    const opened = await service.open(
      {
        input: ready,
        handle: input.handle ?? null,
        rules: creation.session.rules,
        creator: { memberId, name, address, principal: principalOf(viewer), walletProof: await walletProofs.find(viewer, backend.name) },
        options: input.options ?? {},
        now: creation.at,
      },
      upstreams.signal,
    );
    if (isProblem(opened)) return opened;
    const { id } = creation.session;
    const { member = null, secret = null } = opened;
    const upstream = member && { id: member.id, sealed: member.secret === null ? null : box.seal(member.secret, memberId) };
    const made = createdWith(
      { ...creation, session: { ...creation.session, handle: opened.handle } },
      { ...opened.facts, ...member?.facts },
      { sealed: secret === null ? null : box.seal(secret, id), member: upstream },
    );
    const [host] = made.members;
    const undo = async (): Promise<unknown> =>
      service.effects.end?.(
        { session: made.session, secret, as: host === undefined ? null : upstreams.access.memberAt(host) },
        upstreams.signal,
      );
    return { creation: made, undo };
  }

  async function open(caller: Caller, input: CreateInput, backend: Backend, requested: Requested | null): Promise<Admission | Problem> {
    const prepared = await prepare(caller, input, backend);
    if (isProblem(prepared)) return prepared;
    const { session, members } = prepared.creation;
    const [host] = members;
    if (host === undefined) throw new Error('A session is created with its creator');
    const creation: SessionCreation = {
      ...prepared.creation,
      idempotency: requested && idempotency.of(requested, { sessionId: session.id, memberId: host.id }),
    };
    const { outcome, sessionId } = await record(creation, prepared.undo);
    switch (outcome.kind) {
      case 'committed':
        return admit(sessionId, host);
      case 'repeated':
        return idempotency.replay(requested, outcome.record) ?? admitAgain(outcome.record);
      case 'handle-taken':
        return problem('CONFLICT', `Backend ${backend.name} has a session with handle ${session.handle} already.`, {
          path: ['handle'],
          backend: backend.name,
        });
      case 'conflict':
      case 'missing':
        throw new Error(`A creation cannot end in ${outcome.kind}`);
    }
  }

  async function admitAgain({ result }: IdempotencyRecord): Promise<Admission | Problem> {
    const [member = null] = await store.members.byIds(result.memberId === undefined ? [] : [result.memberId]);
    return member === null ? noSession(result.sessionId) : admit(result.sessionId, member);
  }

  return async (caller, input) => {
    const refused = checkCreate(input, limits);
    if (refused !== null) return refused;
    const backend = backendIn(caller, input);
    if (isProblem(backend)) return backend;
    const requested = idempotency.request(caller, 'create', input.idempotencyKey, input);
    if (requested === null) return open(caller, input, backend, null);
    return inTurn(`${requested.scope} ${requested.key}`, async () => {
      const before = await idempotency.find(requested);
      if (before === null) return open(caller, input, backend, requested);
      return idempotency.replay(requested, before) ?? admitAgain(before);
    });
  };
}
