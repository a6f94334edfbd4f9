import { z } from 'zod';
import type { BackendKind } from '../core/backend.ts';
import type { Environment } from './config.ts';
import { configSchema } from './schema.ts';
import { choice } from './values.ts';

/** One setting as the schema knows it. Those of one name that differ by the kind of backend are several. */
export interface Setting {
  /** Dotted: `server.port`. `<name>` stands for any name: `backends.<name>.kind`. */
  readonly path: string;
  /** Completes "Expected `x` to be …": type and bounds in words. */
  readonly rule: string;
  /** Empty for a group of settings. */
  readonly description: string;
  /** Undefined: there is none, or it follows from other settings (`defaultText`). */
  readonly default: unknown;
  readonly defaultText: string | null;
  /** True where values are never printed. */
  readonly secret: boolean;
  /** True where it only holds other settings. */
  readonly group: boolean;
  /** The kinds of backend that have it. Null: all of them, or it is not about a backend. */
  readonly kinds: readonly BackendKind[] | null;
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly default: unknown;
}

/** Takes the wrappers (default, optional, nullable) off a schema, and gathers what they say. */
function unwrap(schema: z.core.$ZodType): Unwrapped {
  const meta = z.globalRegistry.get(schema) ?? {};
  const isWrapper =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  if (!isWrapper) return { schema, meta, default: undefined };
  const inner = unwrap(schema.def.innerType);
  // What the outer layer says wins: its is the rule with "null or" in it.
  return {
    schema: inner.schema,
    meta: { ...inner.meta, ...meta },
    default: schema instanceof z.ZodDefault ? schema.def.defaultValue : inner.default,
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function childrenOf(schema: z.core.$ZodType): readonly (readonly [string, z.core.$ZodType])[] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.def.shape);
  return schema instanceof z.ZodRecord ? [['<name>', schema.def.valueType]] : [];
}

/** The kind of backend that an option of the union is for. */
function kindIn(option: z.core.$ZodType, discriminator: string): BackendKind {
  const named = childrenOf(option).find(([key]) => key === discriminator);
  const schema = named && unwrap(named[1]).schema;
  if (schema instanceof z.ZodEnum) return String(schema.options[0]) as BackendKind;
  throw new Error(`Expected each option to have one value for ${discriminator}`);
}

/** The settings of every kind of backend, those that are the same for several kinds once. */
function* ofKinds({ def: { discriminator, options } }: z.ZodDiscriminatedUnion, path: readonly string[]): Generator<Setting> {
  const all = options.map((option) => kindIn(option, discriminator));
  const anyKind = String(choice(all).meta()?.['rule']);
  const found = new Map<string, { readonly setting: Setting; readonly kinds: BackendKind[] }>();
  for (const option of options) {
    for (const [key, child] of childrenOf(option)) {
      for (const walked of walk(child, [...path, key])) {
        const setting = key === discriminator ? { ...walked, rule: anyKind } : walked;
        const text = JSON.stringify(setting);
        const { kinds } = found.get(text) ?? { kinds: [] };
        found.set(text, { setting, kinds: [...kinds, kindIn(option, discriminator)] });
      }
    }
  }
  for (const { setting, kinds } of found.values()) yield { ...setting, kinds: kinds.length === all.length ? null : kinds };
}

function* walk(wrapped: z.core.$ZodType, path: readonly string[]): Generator<Setting> {
  const { schema, meta, default: fallback } = unwrap(wrapped);
  const union = schema instanceof z.ZodDiscriminatedUnion ? schema : null;
  const children = childrenOf(schema);
  const description = textOf(meta['description']);
  if (path.length > 0) {
    yield {
      path: path.join('.'),
      rule: textOf(meta['rule']) ?? '',
      description: description ?? '',
      default: fallback,
      defaultText: textOf(meta['defaultText']),
      secret: meta['secret'] === true,
      group: (children.length > 0 || union !== null) && description === null,
      kinds: null,
    };
  }
  if (union !== null) yield* ofKinds(union, path);
  for (const [key, child] of children) yield* walk(child, [...path, key]);
}

/** All settings and groups of settings in the order of the schema, with the defaults of the environment. */
export const listSettings = (environment: Environment): readonly Setting[] => [...walk(configSchema(environment), [])];
