import type { FastifyReply } from 'fastify';
import { type Mistake, send } from './requests.ts';

export const errorBody = (message: string, code: string, type = 'http_error'): object => ({ error: { message, code, type } });

export const refuse = (reply: FastifyReply, mistakes: readonly Mistake[]): FastifyReply =>
  send(reply, 422, { error: { message: 'Validation error', code: 'validation_error', type: 'validation_error', details: mistakes } });
