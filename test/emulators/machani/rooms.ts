import { randomUUID } from 'node:crypto';
import { Refusal } from './status.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What a session is made of at the service, by the names of its JSON. */
export interface SessionFields {
  profile: string;
  displayName: string;
  sessionType: number;
  owners: readonly string[];
  defaultChannels: readonly number[];
  description: string;
  allowedUsers: readonly string[];
  options: JsonObject | null;
  secretKey: string;
}

export interface Room {
  readonly id: string;
  readonly fields: SessionFields;
  /** Names, which the resource does not show. */
  readonly members: Set<string>;
  readonly createdAt: number;
  updatedAt: number;
}

const required = ['profile', 'displayName', 'sessionType', 'owners', 'defaultChannels'] as const;
const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields that a body names, in either spelling; enums by number or name. Refuses those of another type. */
export function fieldsIn(body: unknown, types: Readonly<Record<string, number>>): Partial<SessionFields> {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal('INVALID_ARGUMENT', 'the body is no object');
  const given = body as JsonObject;
  const fields: Record<string, unknown> = {};
  const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');
  const checks: Readonly<Record<keyof SessionFields, (value: unknown) => boolean>> = {
    profile: (value) => typeof value === 'string',
    displayName: (value) => typeof value === 'string',
    sessionType: Number.isInteger,
    owners: isTexts,
    defaultChannels: (value) => Array.isArray(value) && value.every(Number.isInteger),
    description: (value) => typeof value === 'string',
    allowedUsers: isTexts,
    options: (value) => typeof value === 'object' && !Array.isArray(value),
    secretKey: (value) => typeof value === 'string',
  };
  for (const [name, isFitting] of Object.entries(checks)) {
    let value = given[name] ?? given[snake(name)];
    if (value === undefined || value === null) continue;
    if (name === 'sessionType' && typeof value === 'string') value = types[value.replace(/^SESSION_TYPE_/, '')];
    if (!isFitting(value)) throw new Refusal('INVALID_ARGUMENT', `proto: invalid value for field ${name}`, snake(name));
    fields[name] = value;
  }
  return fields;
}

/** The sessions of the service, and who is in them. */
export class Rooms {
  readonly all: Map<string, Room> = new Map();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(id: string): Room {
    const room = this.all.get(id);
    if (room === undefined) throw new Refusal('NOT_FOUND', `session "sessions/${id}" not found`);
    return room;
  }

  create(fields: Partial<SessionFields>, id: string = randomUUID()): Room {
    if (!/^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(id)) throw new Refusal('INVALID_ARGUMENT', `invalid session_id "${id}"`, 'session_id');
    for (const name of required) {
      const value = fields[name];
      // An enum's 0 is UNSPECIFIED, and an empty value is none.
      if (value === undefined || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)) {
        throw new Refusal('INVALID_ARGUMENT', `${snake(name)} is required`, snake(name));
      }
    }
    if (this.all.has(id)) throw new Refusal('ALREADY_EXISTS', `session "sessions/${id}" already exists`);
    const at = this.#now();
    const none = { profile: '', displayName: '', sessionType: 0, owners: [], defaultChannels: [], description: '', allowedUsers: [] };
    const secretKey = `sk-${randomUUID()}`;
    const room: Room = {
      id,
      fields: { ...none, options: null, secretKey, ...fields },
      members: new Set(),
      createdAt: at,
      updatedAt: at,
    };
    this.all.set(id, room);
    return room;
  }

  /** @param mask - Null = all that is given and not empty. */
  update(room: Room, fields: Partial<SessionFields>, mask: readonly string[] | null): void {
    const named = mask?.map((path) => path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    for (const path of named ?? []) {
      if (!Object.hasOwn(room.fields, path)) throw new Refusal('INVALID_ARGUMENT', `invalid path "${path}" in update_mask`, 'update_mask');
    }
    const empty: Partial<SessionFields> = { description: '', displayName: '', allowedUsers: [], owners: [], options: null };
    const changes =
      named === undefined ? fields : Object.fromEntries(named.map((name) => [name, { ...empty, ...fields }[name as 'profile']]));
    if (changes.displayName === '') throw new Refusal('INVALID_ARGUMENT', 'display_name is required', 'display_name');
    Object.assign(room.fields, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    room.updatedAt = this.#now();
  }

  /** In order of making. @param pageToken - Opaque to clients; '' = from the beginning. */
  page(size: number, pageToken: string): { readonly rooms: readonly Room[]; readonly nextPageToken: string } {
    const from = pageToken === '' ? 0 : Number(/^p(\d+)$/.exec(Buffer.from(pageToken, 'base64url').toString())?.[1] ?? Number.NaN);
    if (Number.isNaN(from)) throw new Refusal('INVALID_ARGUMENT', 'invalid page_token', 'page_token');
    const all = [...this.all.values()];
    const next = from + size;
    return {
      rooms: all.slice(from, next),
      nextPageToken: next < all.length ? Buffer.from(`p${next}`).toString('base64url') : '',
    };
  }
}

/** RFC 3339 as protocol buffers write it: no fraction, or three, six or nine digits of it. */
export function timestamp(at: number, nanos = 0): string {
  const [seconds = '', millis = ''] = new Date(at).toISOString().slice(0, -1).split('.');
  const fraction = `${millis}${String(nanos).padStart(6, '0')}`.replace(/(?:000)+$/, '');
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** The resource: what has its default is left out, and members are not shown. */
export function sessionOf({ id, fields, createdAt, updatedAt }: Room): JsonObject {
  const all = {
    name: `sessions/${id}`,
    sessionId: id,
    ...fields,
    createTime: timestamp(createdAt),
    updateTime: timestamp(updatedAt, 123_456),
  };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, value]) => value !== '' && value !== 0 && value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
