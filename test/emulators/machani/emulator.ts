import { readFileSync } from 'node:fs';
import { type Emulator, createEmulator } from '../shared/emulator.ts';
import { type Room, Rooms, type SessionFields } from './rooms.ts';
import { type EventNames, createActs, registerRoutes } from './routes.ts';
import type { StatusBody } from './status.ts';
import { type Stream, Streams } from './streams.ts';

export interface MachaniEmulatorOptions {
  readonly port?: number;
  /** What the header `Authorization` has to be. @default null // it is not looked at */
  readonly authorization?: string | null;
  /** Whether sessions can be deleted: the service documents no such method. @default 'PRESENT' */
  readonly deletes?: 'PRESENT' | 'NOT_FOUND' | 'UNIMPLEMENTED';
  /** The numbers of the enum. @default { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 } */
  readonly sessionTypes?: Readonly<Record<'PUBLIC' | 'PRIVATE' | 'TEMPORARY', number>>;
  /** Larger pages are made this large. @default 1_000 */
  readonly maxPageSize?: number;
  /** Whether events of the stream come as `{"result":…}`. @default true */
  readonly wrapped?: boolean;
  /** Whether the head of a stream comes with its first event only, as gRPC gateways have it. @default false */
  readonly lateHead?: boolean;
  /** What events are called. @default { message: 'message', joined: 'user_joined', left: 'user_left', updated: 'session_updated', deleted: 'session_deleted' } */
  readonly events?: Partial<EventNames>;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The service with what may be done at it directly, by somebody who is no client of Parley. */
export interface MachaniEmulator extends Emulator {
  readonly state: {
    /** By id. They outlive a restart; streams do not. */
    readonly sessions: ReadonlyMap<string, Room>;
    readonly streams: ReadonlySet<Stream>;
  };
  /** A session made by `somebody`; what is not given is filled in. */
  createSession(fields?: Partial<SessionFields>, id?: string): Room;
  updateSession(id: string, fields: Partial<SessionFields>): void;
  deleteSession(id: string): void;
  join(id: string, name: string): void;
  leave(id: string, name: string): void;
  /** Tells the message to the streams of its `channel`, or to all where it has none. */
  publish(id: string, message: Readonly<Record<string, unknown>>): void;
  /** Any event. */
  emit(id: string, event: string, message?: Readonly<Record<string, unknown>>): void;
  /** Any line, to all streams of the session: as it is, or as JSON. */
  writeLine(id: string, line: unknown): void;
  /** How many streams of the session are open. */
  streamCount(id: string): number;
  /** When the next stream of the session is open. */
  streamOpened(id: string): Promise<void>;
  /** Ends the streams of a session, or of all: by the end of the answer, within it, or with a failure. @default 'END' */
  breakStreams(id?: string | null, how?: 'END' | 'CUT' | StatusBody): void;
}

const document: unknown = JSON.parse(readFileSync(new URL('../specs/machani.json', import.meta.url), 'utf8'));

/** Machani's conversation service, as far as it is documented and with the habits of the software that it appears to be made with. */
export async function createMachaniEmulator(options: MachaniEmulatorOptions = {}): Promise<MachaniEmulator> {
  const { now = Date.now, sessionTypes = { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 } } = options;
  const rooms = new Rooms(now);
  const streams = new Streams({ wrapped: options.wrapped ?? true, lateHead: options.lateHead ?? false });
  const events: EventNames = {
    message: 'message',
    joined: 'user_joined',
    left: 'user_left',
    updated: 'session_updated',
    deleted: 'session_deleted',
    ...options.events,
  };
  const acts = createActs({ rooms, streams, events });
  const emulator = await createEmulator({
    name: 'machani',
    ...(options.port !== undefined && { port: options.port }),
    spec: { document },
    routes: (app) =>
      registerRoutes(app, {
        rooms,
        streams,
        events,
        sessionTypes,
        authorization: options.authorization ?? null,
        deletes: options.deletes ?? 'PRESENT',
        maxPageSize: options.maxPageSize ?? 1_000,
      }),
  });
  const own: Omit<MachaniEmulator, keyof Emulator> = {
    state: { sessions: rooms.all, streams: streams.open },
    createSession: (fields = {}, id) =>
      rooms.create(
        {
          profile: 'default',
          displayName: 'A room',
          sessionType: sessionTypes.PUBLIC,
          owners: ['somebody'],
          defaultChannels: [1],
          ...fields,
        },
        id,
      ),
    updateSession(id, fields) {
      rooms.update(rooms.get(id), fields, null);
      streams.tell(id, { event: events.updated, message: {} });
    },
    deleteSession: (id) => acts.remove(rooms.get(id)),
    join: (id, name) => acts.join(rooms.get(id), name),
    leave: (id, name) => acts.leave(rooms.get(id), name),
    publish: (id, message) => acts.publish(rooms.get(id), message),
    emit: (id, event, message = {}) => streams.tell(id, { event, message }),
    writeLine(id, line) {
      for (const stream of streams.of(id)) streams.write(stream, line);
    },
    streamCount: (id) => streams.of(id).length,
    streamOpened: (id) => streams.next(id),
    breakStreams: (id = null, how = 'END') => streams.end(id, how),
  };
  // Its getters are kept: the port changes hands with a restart.
  return Object.assign(emulator, own);
}
