import { ConfigError } from '../config/config-error.ts';
import { SecretFileError } from '../config/secret-file.ts';

/** A command cannot do what it was asked to. The message is for the person who typed it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

const causeOf = (error: Error): string => (error.cause instanceof Error ? ` (${error.cause.message})` : '');

/** What a person is told of an error: the message where it was expected, all that is known where it was not. */
export function describeFailure(error: unknown): string {
  if (error instanceof CommandFailure || error instanceof ConfigError || error instanceof SecretFileError)
    return error.message + causeOf(error);
  return error instanceof Error ? (error.stack ?? error.message) : `Something was thrown that is no Error: ${String(error)}`;
}
