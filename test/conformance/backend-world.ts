import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, createGateway } from '../../src/gateway.ts';
import { type Admitted, type Credentials, createSession, joinSession, query } from '../support/graphql-client.ts';
import { type Following, allEvents, follow, ofType } from '../support/live-client.ts';
import type { AtService, BackendSubject, OpenedService } from './backend-subject.ts';

/** The name that the backend is configured under. */
export const name = 'far';
export const change = '... on SessionChange { session { id status title description situation metadata defaults expiresAt renewalCount } }';
export const delivery = '... on MessageDelivery { message { id content author { name } } reply { id role content inReplyTo { id } } }';
export const removal = '... on MemberRemoval { member { id status } }';

/** A test of what a backend has; of others it is none that was skipped for want of something. */
export function when(condition: boolean, title: string, body: () => Promise<void>): void {
  for (const each of condition ? [title] : []) {
    test(each, async () => {
      expect.hasAssertions();
      await body();
    });
  }
}

/** A gateway with the backend, and its service beside it; there while tests run. */
export interface BackendWorld {
  readonly url: string;
  readonly service: OpenedService;
  /** Somebody who may create and join there, another one each time. */
  readonly person: () => Promise<Credentials>;
  /** A new session, as its host, Ada. */
  readonly create: (input?: object, credentials?: Credentials) => Promise<Admitted>;
  /** One more member, Grace. */
  readonly join: (sessionId: string, input?: object) => Promise<Admitted>;
  readonly sessionOf: (who: Admitted, fields: string) => Promise<any>;
  readonly handleOf: (who: Admitted) => Promise<string>;
  /** What the subject says that can be done at its service. */
  readonly atService: <K extends 'create' | 'say'>(act: K) => NonNullable<AtService[K]>;
  /** Whether its service has the session; where there is no service, what is to be expected. */
  readonly isThere: (handle: string, expected: boolean) => boolean;
  /** A subscription of the member's that is open. */
  readonly followed: (who: Admitted, variables?: Record<string, unknown>) => Promise<Following>;
}

/** Starts it before the tests of the suite that calls this, and ends it after them. */
export function useBackendWorld(subject: BackendSubject): BackendWorld {
  let service: OpenedService;
  let gateway: Gateway;
  let url: string;
  beforeAll(async () => {
    service = await subject.open({ pollMs: 200 });
    gateway = await createGateway({
      // Each person comes from an address of its own.
      server: { port: 0, trustProxy: true },
      store: { driver: 'memory' },
      log: { level: 'silent' },
      backends: { [name]: service.config },
      defaultBackend: name,
      live: { lingerMs: 0 },
    });
    ({ url } = await gateway.start());
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const world: BackendWorld = {
    get url() {
      return url;
    },
    get service() {
      return service;
    },
    person: () => service.person(url, name),
    create: async (input = {}, credentials) =>
      createSession(url, { identity: { name: 'Ada' }, ...subject.base, ...input }, credentials ?? (await world.person())),
    join: async (sessionId, input = {}) => joinSession(url, { sessionId, identity: { name: 'Grace' }, ...input }, await world.person()),
    sessionOf: async ({ sessionId, credentials }, fields) =>
      (await query(url, `query ($id: ID!) { session(id: $id) { ${fields} } }`, { id: sessionId }, credentials)).session,
    handleOf: async (who) => (await world.sessionOf(who, 'handle')).handle,
    atService(act) {
      const done = service.at?.[act];
      if (done === undefined) throw new Error(`Expected the subject to have \`at.${act}\`, as its \`others\` says.`);
      return done;
    },
    isThere: (handle, expected) => service.at?.has(handle) ?? expected,
    async followed({ credentials }, variables = {}) {
      const stream = follow(url, allEvents, variables, credentials);
      await stream.until(ofType('StreamOpened'));
      return stream;
    },
  };
  return world;
}
