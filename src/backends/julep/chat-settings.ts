import { z } from 'zod';
import { type Problem, isProblem, problem } from '../../core/problem.ts';
import type { JsonObject } from '../../core/session.ts';
import type { JulepContract } from './options.ts';

const within = (min: number, max: number): z.ZodType => z.number().min(min).max(max);
const whole = (min: number, max: number): z.ZodType => z.int().min(min).max(max);
const flag = z.boolean();
const stops = z.array(z.string()).min(1).max(4);

const presets = ['problem_solving', 'conversational', 'fun', 'prose', 'creative', 'business', 'deterministic', 'code', 'multilingual'];

/** `ChatSettings` and `MemoryAccessOptions` of the agents API 0.3. */
const v03: Readonly<Record<string, z.ZodType>> = {
  frequency_penalty: within(-1, 1),
  presence_penalty: within(-1, 1),
  length_penalty: within(0, 2),
  repetition_penalty: within(0, 2),
  logit_bias: z.record(z.string(), z.int()),
  max_tokens: whole(1, 16_384),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'regex']).optional() }),
  seed: whole(-1, 9_999),
  stop: z.union([z.string(), stops]),
  temperature: within(0, 2),
  top_p: z.number().gt(0).max(1),
  min_p: z.number().min(0).lt(1),
  preset: z.enum(presets),
  recall: flag,
  record: flag,
  remember: flag,
};

/** `Chat.ChatInput` of v1, without what the connector decides on. */
const v1: Readonly<Record<string, z.ZodType>> = {
  model: z.string().min(1).max(120),
  frequency_penalty: within(-2, 2),
  presence_penalty: within(-2, 2),
  length_penalty: within(0, 2),
  repetition_penalty: within(0, 2),
  logit_bias: z.record(z.string(), within(-100, 100)),
  max_tokens: whole(1, 4_294_967_295),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }),
  seed: whole(-1, 1_000),
  // The API takes a list only.
  stop: z.union([z.string().transform((text) => [text]), stops]),
  temperature: within(0, 5),
  top_p: within(0, 1),
  min_p: within(0, 1),
  recall: flag,
  save: flag,
  auto_run_tools: flag,
  recall_tools: flag,
};

const settingsOf: Readonly<Record<JulepContract, Readonly<Record<string, z.ZodType>>>> = { 'v0.3': v03, v1 };

/** Whether either API takes it as a setting of a chat. */
export const isChatSetting = (key: string): boolean => Object.hasOwn(v03, key) || Object.hasOwn(v1, key);

function settingOf(key: string, value: unknown, shape: z.ZodType, backend: string): unknown {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const rule = result.error.issues[0]?.message ?? 'Invalid';
  return problem('BAD_INPUT', `Backend ${backend} does not take \`options.${key}\` as it is: ${rule}.`, {
    path: ['options', key],
    backend,
  });
}

/** Those of a message's options that the API knows as settings of a chat; null = not given. Others are the clients' own. */
export function chatSettings(contract: JulepContract, options: JsonObject, backend: string): JsonObject | Problem {
  const settings: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries(settingsOf[contract])) {
    const value = Object.hasOwn(options, key) ? options[key] : undefined;
    if (value === undefined || value === null) continue;
    const setting = settingOf(key, value, shape, backend);
    if (isProblem(setting)) return setting;
    settings[key] = setting;
  }
  return settings;
}
