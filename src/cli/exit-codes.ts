/** What the exit codes of `parley` say. */
export const exitCodes = {
  ok: 0,
  /** A mistake in the configuration, a store that does not open, a port in use, a key that does not exist. */
  failure: 1,
  /** An unknown command or flag, or an argument too many or too few. */
  usage: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
