import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void, level: 'info' | 'debug' = 'info'): readonly any[] {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  write(createLogger({ level, destination }));
  return lines.map((line) => JSON.parse(line));
}

describe('the log', () => {
  test('is one JSON object a line, with the time and the level', () => {
    const [line, ...others] = logged((logger) => logger.info({ port: 4_000 }, 'listening'));
    expect(others).toEqual([]);
    expect(line).toMatchObject({ level: 30, msg: 'listening', port: 4_000 });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test('leaves out what is below its level', () => {
    expect(logged((logger) => logger.debug('details'))).toEqual([]);
    expect(logged((logger) => logger.debug('details'), 'debug')).toHaveLength(1);
  });

  test('shows no credentials, wherever headers or an input are logged', () => {
    const secret = 'sesame-1234';
    const headers = { authorization: `Bearer ${secret}`, 'x-api-key': secret, host: 'example' };
    const input = { rules: { password: secret }, token: secret, signature: secret };
    const lines = logged((logger) => {
      logger.info({ ...headers, password: secret, token: secret }, 'top');
      logger.info({ headers, apiKey: secret }, 'one');
      logger.info({ req: { headers }, variables: { input } }, 'two');
      logger.info({ err: Object.assign(new Error('refused'), { token: secret }) }, 'error');
    });
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines[1].headers).toEqual({ authorization: '[redacted]', 'x-api-key': '[redacted]', host: 'example' });
  });
});
