import type { FastifyReply } from 'fastify';

/** Codes of gRPC with the HTTP status that gRPC gateways answer them with. */
const statuses = {
  INVALID_ARGUMENT: [3, 400],
  NOT_FOUND: [5, 404],
  ALREADY_EXISTS: [6, 409],
  PERMISSION_DENIED: [7, 403],
  UNIMPLEMENTED: [12, 501],
  UNAVAILABLE: [14, 503],
  UNAUTHENTICATED: [16, 401],
} as const;

export type StatusName = keyof typeof statuses;

/** The body of a refusal: `google.rpc.Status`. */
export interface StatusBody {
  readonly code: number;
  readonly message: string;
  readonly details: readonly object[];
}

/** A refusal of the service, thrown by whatever finds the reason. */
export class Refusal extends Error {
  readonly body: StatusBody;
  readonly httpStatus: number;

  /** @param field - That breaks a rule, in the protocol's own spelling: `display_name`. */
  constructor(name: StatusName, message: string, field?: string) {
    super(message);
    const [code, httpStatus] = statuses[name];
    this.httpStatus = httpStatus;
    this.body = {
      code,
      message,
      details:
        field === undefined
          ? []
          : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: message }] }],
    };
  }
}

export const refuse = (reply: FastifyReply, { httpStatus, body }: Refusal): FastifyReply => reply.code(httpStatus).send(body);
