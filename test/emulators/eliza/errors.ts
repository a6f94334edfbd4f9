/** A refusal of the sessions router: its body carries a stack trace, as that of the published server does. */
export class ElizaError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: object | undefined;

  constructor(status: number, code: string, message: string, details?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  body(now: number): object {
    const { code, message, details } = this;
    // By the server's own name for it.
    const stack = this.stack?.replace(/^\w*Error: (Invalid content)/, 'InvalidContentError: $1');
    return { error: { code, message, timestamp: new Date(now).toISOString(), details, stack } };
  }
}

const invalid = (message: string, details: object): ElizaError => new ElizaError(400, 'VALIDATION_ERROR', message, details);

export const missingFields = (): ElizaError =>
  invalid('Missing required fields: agentId, userId', { missingFields: ['agentId', 'userId'] });
export const invalidUuid = (field: string, providedValue: string): ElizaError =>
  invalid(`Invalid UUID format for field '${field}'`, { providedValue, expectedFormat: 'UUID v4' });
export const invalidContent = (reason: string): ElizaError => invalid(`Invalid content: ${reason}`, { reason });
export const invalidMetadata = (reason: string, providedMetadata: unknown): ElizaError =>
  invalid(`Invalid metadata: ${reason}`, { reason, providedMetadata });
export const invalidTimeout = (reason: string, providedConfig: unknown): ElizaError =>
  invalid(`Invalid timeout configuration: ${reason}`, { reason, providedConfig });
export const invalidPagination = (parameter: string, value: string, reason: string): ElizaError =>
  invalid(`Invalid pagination parameter '${parameter}': ${reason}`, { parameter, value, reason });
export const agentNotFound = (id: string): ElizaError => new ElizaError(404, 'AGENT_NOT_FOUND', `Agent with ID '${id}' not found`);
export const sessionNotFound = (id: string): ElizaError => new ElizaError(404, 'SESSION_NOT_FOUND', `Session with ID '${id}' not found`);
export const sessionExpired = (id: string, at: number): ElizaError =>
  new ElizaError(410, 'SESSION_EXPIRED', `Session '${id}' expired at ${new Date(at).toISOString()}`);
export const renewalFailed = (id: string): ElizaError =>
  new ElizaError(400, 'SESSION_RENEWAL_FAILED', `Cannot renew session '${id}': Maximum duration reached`);

/** What other layers refuse with. */
export const plainError = (message: string, code: number | string): object => ({ success: false, error: { code, message } });
