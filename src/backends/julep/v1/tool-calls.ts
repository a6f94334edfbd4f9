import { z } from 'zod';

/** Calls of tools, put together from the pieces in which a stream brings them. */
export interface ToolCalls {
  add(pieces: readonly unknown[]): void;
  all(): readonly object[];
}

const piece = z.looseObject({
  index: z.int().optional(),
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});

/** As models stream them: the first piece of a call has its id and name, each one a part of the arguments. */
export function createToolCalls(): ToolCalls {
  const calls = new Map<number, z.infer<typeof piece>>();
  return {
    add(pieces) {
      for (const [place, given] of pieces.entries()) {
        const { data } = piece.safeParse(given);
        if (data === undefined) continue;
        const index = data.index ?? place;
        const before = calls.get(index);
        const joined = `${before?.function?.arguments ?? ''}${data.function?.arguments ?? ''}`;
        calls.set(index, {
          ...before,
          ...data,
          id: before?.id ?? data.id,
          ...(data.function && { function: { ...data.function, name: before?.function?.name ?? data.function.name, arguments: joined } }),
        });
      }
    },
    all: () => [...calls.values()],
  };
}
