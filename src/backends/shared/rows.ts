import { z } from 'zod';

/** Rows of a list as far as they can be read: one that is not as documented costs itself, and not the others. */
export interface Rows<T> {
  readonly rows: readonly T[];
  /** How many could not be read. */
  readonly unreadable: number;
}

/** A list of which each row is looked at by itself. */
export const rowsOf = <T>(row: z.ZodType<T>): z.ZodType<Rows<T>> =>
  z.array(z.unknown()).transform((all) => {
    const rows = all.flatMap((one) => {
      const { success, data } = row.safeParse(one);
      return success ? [data] : [];
    });
    return { rows, unreadable: all.length - rows.length };
  });

/** The same of a list that has to have one row at least that can be read, or none at all: by others it is of something else. */
export const readableRowsOf = <T>(row: z.ZodType<T>): z.ZodType<Rows<T>> =>
  rowsOf(row).refine(({ rows, unreadable }) => rows.length > 0 || unreadable === 0);
