/** Who answers in the emulator's sessions. Tests and demos change its fields. */
export interface EmulatedAgent {
  /** What it says to the last message. @default `You said: …` */
  reply: (said: string) => string;
  /** How a streamed reply is cut. @default after each space */
  pieces: (reply: string) => readonly string[];
  /** The model fails with this instead. @default null */
  failure: { readonly status: number; readonly message: string } | null;
  /** Before a reply, and before each piece of a streamed one. @default 0 */
  latencyMs: number;
  /** While a piece of a streamed reply is not ready, a comment goes out each so many milliseconds. @default null // silence */
  keepAliveMs: number | null;
  /** Chats of which the answer has not come to its end, and the connection is open. */
  readonly underway: number;
  /** Keeps replies back until it is called, from the piece of this number on. @default 0 */
  hold(fromPiece?: number): () => void;
  /** Keeps what was said out of the history until it is called: v1 stores after it has answered. */
  holdStoring(): () => void;
}

export interface AgentAtWork extends EmulatedAgent {
  underway: number;
  /** Resolves when the piece may be sent. */
  ready(piece: number): Promise<void>;
  mayStore(): Promise<void>;
}

export function createAgent(): AgentAtWork {
  let gate: { readonly from: number; readonly opened: Promise<void> } | null = null;
  let storing: Promise<void> | null = null;
  const agent: AgentAtWork = {
    reply: (said) => `You said: ${said}`,
    pieces: (reply) => reply.split(/(?<= )/),
    failure: null,
    latencyMs: 0,
    keepAliveMs: null,
    underway: 0,
    hold(from = 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = { from, opened: promise };
      return () => {
        gate = null;
        resolve();
      };
    },
    holdStoring() {
      const { promise, resolve } = Promise.withResolvers<void>();
      storing = promise;
      return () => {
        storing = null;
        resolve();
      };
    },
    async ready(piece) {
      if (agent.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, agent.latencyMs));
      if (gate !== null && piece >= gate.from) await gate.opened;
    },
    async mayStore() {
      await storing;
    },
  };
  return agent;
}
