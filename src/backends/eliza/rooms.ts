import type { Socket } from 'socket.io-client';
import type { Clock } from '../../core/ports.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { ElizaOptions } from './options.ts';
import { type SocketParts, connectFailure, openSocket } from './socket.ts';
import { type WireBroadcast, type WireChunk, broadcastShape, chunkShape, ofChannelShape, streamErrorShape } from './wire.ts';

/** Is told what the socket says of one channel. No method throws. */
export interface Ears {
  /** In the room, again perhaps: what was said before may have been missed. */
  joined(): void;
  /** Not in the room for now; it is tried again. */
  lost(cause: Problem): void;
  said(message: WireBroadcast): void;
  streamed(chunk: WireChunk): void;
  /** The reply of this id will not be finished. */
  broken(id: string): void;
  /** Messages were deleted, or the channel was changed. */
  changed(): void;
}

/** A place in a room. Disposing leaves it. */
export interface Room extends Disposable {
  readonly joined: boolean;
  /** Tries again to join it, where that has failed. */
  retry(): void;
}

/** One socket for all rooms, open for as long as somebody is in one. */
export interface Rooms extends AsyncDisposable {
  readonly connected: boolean;
  enter(channelId: string, ears: Ears): Room;
}

/** As the server's enumeration has it; messages are emitted under its number. */
const roomJoining = '1';
const maxReconnectMs = 30_000;

interface Place {
  readonly ears: Ears;
  joined: boolean;
  deadline: Disposable | null;
}

export function createRooms(options: SocketParts & Pick<ElizaOptions, 'reconnectMs'>, clock: Clock): Rooms {
  const { name, timeoutMs, reconnectMs = 1_000 } = options;
  const places = new Map<string, Place>();
  let socket: Socket | null = null;
  let again: Disposable | null = null;
  let disposed = false;

  const cause = (detail: string): Problem => problem('UPSTREAM_UNAVAILABLE', `Backend ${name} ${detail}`, { backend: name });

  function join(channelId: string, place: Place): void {
    if (!socket?.connected || place.joined) return;
    place.deadline?.[Symbol.dispose]();
    place.deadline = clock.at(clock.now() + timeoutMs, () => {
      place.deadline = null;
      place.ears.lost(cause(`did not let the gateway into channel ${channelId} within ${timeoutMs / 1_000} s: it is tried again.`));
    });
    // Without an `entityId`: with one, the server would make a participant of the gateway.
    socket.emit(roomJoining, { channelId });
  }

  function lose(problem: Problem): void {
    for (const place of places.values()) {
      place.joined = false;
      place.deadline?.[Symbol.dispose]();
      place.deadline = null;
      place.ears.lost(problem);
    }
  }

  /** For the cases that the client does not try again after by itself: the server has refused it, or has put it out. */
  function connectLater(): void {
    again?.[Symbol.dispose]();
    const waitMs = maxReconnectMs * (0.5 + Math.random() / 2);
    again = clock.at(clock.now() + Math.min(waitMs, reconnectMs * 30), () => socket?.connect());
  }

  function open(): Socket {
    const opened = openSocket(options, {
      reconnectionDelay: reconnectMs,
      reconnectionDelayMax: Math.max(reconnectMs, maxReconnectMs),
      randomizationFactor: 0.5,
    });
    /** Hears what fits the shape and is of a room that somebody is in; another's is passed over. */
    const on = <T>(
      event: string,
      shape: { safeParse(value: unknown): { readonly data?: T | undefined } },
      channelOf: (value: T) => string,
      act: (place: Place, value: T) => void,
    ): void => {
      opened.on(event, (raw: unknown) => {
        const { data } = shape.safeParse(raw);
        const place = data === undefined ? undefined : places.get(channelOf(data));
        if (data !== undefined && place !== undefined) act(place, data);
      });
    };
    const ofChannel = ({ channelId }: { readonly channelId: string }): string => channelId;
    opened.on('connect', () => {
      for (const [channelId, place] of places) join(channelId, place);
    });
    opened.on('disconnect', (reason) => {
      lose(cause(`broke off the socket (${reason}): it is connected again.`));
      if (!opened.active && places.size > 0) connectLater();
    });
    opened.on('connect_error', (error: Error) => {
      lose(connectFailure(name, opened, error));
      if (!opened.active && places.size > 0) connectLater();
    });
    on('channel_joined', ofChannelShape, ofChannel, (place) => {
      place.deadline?.[Symbol.dispose]();
      place.deadline = null;
      if (place.joined) return;
      place.joined = true;
      place.ears.joined();
    });
    on(
      'messageBroadcast',
      broadcastShape,
      ({ roomId }) => roomId,
      ({ ears }, message) => ears.said(message),
    );
    on('messageStreamChunk', chunkShape, ofChannel, ({ ears }, chunk) => ears.streamed(chunk));
    on('messageStreamError', streamErrorShape, ofChannel, ({ ears }, { messageId }) => ears.broken(messageId));
    for (const event of ['messageDeleted', 'channelCleared', 'channelUpdated', 'channelDeleted']) {
      on(event, ofChannelShape, ofChannel, ({ ears }) => ears.changed());
    }
    return opened;
  }

  function close(): void {
    again?.[Symbol.dispose]();
    again = null;
    const closing = socket;
    socket = null;
    closing?.off();
    closing?.disconnect();
  }

  return {
    get connected() {
      return socket?.connected === true;
    },
    enter(channelId, ears) {
      if (places.has(channelId)) throw new Error(`Expected channel ${channelId} to be entered once.`);
      const place: Place = { ears, joined: false, deadline: null };
      if (!disposed) {
        places.set(channelId, place);
        socket ??= open();
        join(channelId, place);
      } else {
        queueMicrotask(() => ears.lost(cause('is being shut down here: try again in a moment.')));
      }
      return {
        get joined() {
          return place.joined;
        },
        retry() {
          if (places.get(channelId) === place && place.deadline === null) join(channelId, place);
        },
        [Symbol.dispose]() {
          place.deadline?.[Symbol.dispose]();
          if (places.get(channelId) !== place) return;
          places.delete(channelId);
          // The server knows no leaving: what it goes on saying of the room is passed over.
          if (places.size === 0) close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      for (const { deadline } of places.values()) deadline?.[Symbol.dispose]();
      places.clear();
      close();
    },
  };
}
