import { type DestinationStream, type Logger, pino } from 'pino';

export interface LoggerOptions {
  /** The least that is written: 'silent' writes nothing. */
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /**
   * Where the lines go.
   * @default standard output
   */
  readonly destination?: DestinationStream;
}

const secrets = ['authorization', '["x-api-key"]', 'apiKey', 'password', 'passwordHash', 'token', 'secret', 'signature'];
// At the top, and up to three levels down: wherever headers, variables or an input are logged.
const redact = secrets.flatMap((name) =>
  ['', '*', '*.*', '*.*.*'].map((prefix) => (prefix === '' ? name : name.startsWith('[') ? prefix + name : `${prefix}.${name}`)),
);

/** One JSON object a line. What could let somebody in is replaced by `[redacted]`, by its name. */
export const createLogger = ({ level, destination }: LoggerOptions): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: redact, censor: '[redacted]' } }, destination);
