/** One connection to a server, from its opening to its end. It does not come back by itself: another one is opened. */
export interface Wire {
  /** Resolves once what is sent from now on is heard. Rejects where that cannot be. */
  readonly opened: Promise<void>;
  /** Sends to everybody on the channel, oneself included. Resolves once the server has it; may never, where the server is silent. */
  send(payload: string): Promise<void>;
  /** Ends it at once, whatever the server does. Calling it again does nothing. */
  close(): void;
}

export interface WireEvents {
  readonly heard: (payload: string) => void;
  /** It is over. May come more than once, and after `close`. */
  readonly closed: (error: Error) => void;
}

export type OpenWire = (events: WireEvents) => Wire;

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
